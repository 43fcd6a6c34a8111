#!/usr/bin/env python3
"""Merges the adapters of cases that PEFT and MindFormers merged, and compares with what they gave.

  lora_cases.py BIN_DIR DATA_DIR      DATA_DIR holds lora/<case>/case.json and mindspore/lora_merge

A result has the names, types, shapes and order of expected/; its values are those of expected_exact/ (float64, rounded once) but for
the accumulation in float32: half types at most 1 ulp on 1e-3 of the elements, float32 1 ulp and a little; what no adapter touches is
byte-identical. Error cases exit with 1, say what `wanted` names, and leave nothing. Prints 'N passed, M failed'."""
import glob, json, math, os, shutil, struct, subprocess, sys, tempfile
BIN, DATA = (os.path.abspath(p) for p in sys.argv[1:3])
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import compare_checkpoints as reader
MERGE = os.path.join(BIN, "merge_lora")
passed, failed = 0, []

def check(name, ok, why=""):
    global passed
    if ok: passed += 1
    else:
        failed.append(name); print("FAILED", name, why)

def merge(*args, cwd=None):
    return subprocess.run([MERGE, *map(str, args)], cwd=cwd, capture_output=True, text=True, timeout=120)

def files_of(folder):
    return sorted(os.path.relpath(os.path.join(d, f), folder) for d, _, fs in os.walk(folder) for f in fs)

def tensors(path):
    """Of a file or folder, by name, in order."""
    paths = [path] if os.path.isfile(path) else [p for p in sorted(glob.glob(os.path.join(path, "*"))) if p.endswith((".ckpt", ".safetensors"))]
    return {t.name: t for p in paths for t in reader.load(p)[0]}

def numbers(t):
    data, n = t.data(), math.prod(t.shape)
    if t.dtype == "BFloat16": return struct.unpack("<%df" % n, b"".join(b"\0\0" + data[i:i + 2] for i in range(0, 2 * n, 2)))
    return struct.unpack("<%d%s" % (n, {"Float16": "e", "Float32": "f", "Float64": "d"}[t.dtype]), data)

def ulp(x, dtype):
    digits, least = {"BFloat16": (8, -133), "Float16": (11, -24), "Float32": (24, -149), "Float64": (53, -1074)}[dtype]
    return 2.0 ** max(math.frexp(x)[1] - digits, least) if x else 2.0 ** least

def near(got, want, base):
    """Why the values are not those wanted; '' if they are."""
    differing, x, y, w = 0, numbers(got), numbers(want), numbers(base)
    for i, (a, b, c) in enumerate(zip(x, y, w)):
        if a == b: continue
        differing += 1
        rest = 2.0 ** -21 * (abs(b) + abs(c) + 1) if got.dtype in ("Float32", "Float64") else 0
        if not abs(a - b) <= ulp(b, got.dtype) + rest: return "element %d is %r, not %r" % (i, a, b)
    half = got.dtype in ("BFloat16", "Float16")
    return "%d of %d elements differ" % (differing, len(x)) if half and differing > max(1, len(x) // 1000) else ""

def compare(name, got, expected, exact, base):
    check(name + ": names in order", list(got) == list(expected), "%s, not %s" % (list(got), list(expected)))
    for n in [n for n in expected if n in got]:
        g, e = got[n], expected[n]
        kind = (g.dtype, list(g.shape)) == (e.dtype, list(e.shape))
        want = exact.get(n)
        if not kind: why = "%s %s, not %s %s" % (g.dtype, g.shape, e.dtype, e.shape)
        elif want is None or want.data() == base[n].data(): why = "" if g.data() == base[n].data() else "untouched, but not as it was"
        else: why = near(g, want, base[n])
        check("%s: %s" % (name, n), not why, why)

def whole(path):
    """The tensors of a case's source: a rank checkpoint was also written whole by the original tool."""
    return tensors(path) if os.path.isfile(path) or not os.path.isdir(os.path.join(path, "rank_0")) else None

def run_case(case, folder, tmp):
    out = os.path.join(tmp, "out")
    args = [out if a == "expected" else a for a in case["command"][1:]]
    for extra in ([], ["--workers", 1, "--memory", "1MB", "--verify"]):
        shutil.rmtree(out, ignore_errors=True)
        p = merge(*args, *extra, cwd=folder)
        if case.get("error_case"):
            check(case["id"], p.returncode == 1 and p.stderr.startswith("error: ") and not (os.path.isdir(out) and files_of(out)), p.stdout + p.stderr)
            for word in WANTED.get(case["id"], []): check("%s names %s" % (case["id"], word), word in p.stderr, p.stderr)
            continue
        check(case["id"], p.returncode == 0, p.stdout + p.stderr)
        if p.returncode: return
        source = args[args.index("--base" if "--base" in args else "--src_ckpt_path_or_dir") + 1]
        base = whole(os.path.join(folder, source)) or tensors(os.path.join(folder, "expected/rank_0/checkpoint_0.ckpt"))
        expected = os.path.join(folder, "expected")
        if os.path.exists(os.path.join(expected, "merged_lora.ckpt")):
            got, expected = tensors(os.path.join(out, "merged_lora.ckpt")), os.path.join(expected, "merged_lora.ckpt")
        else:
            got = tensors(out)
        compare(case["id"], got, tensors(expected), tensors(os.path.join(folder, "expected_exact")), base)

WANTED = {"err-peft-missing-B": ["model.layers.0.self_attn.q_proj", "lora_A"]}

def mindspore_case(tmp):
    folder, out = os.path.join(DATA, "mindspore", "lora_merge"), os.path.join(tmp, "out")
    flags = [x for pair in (("--dst_ckpt_dir", out), *json.load(open(os.path.join(folder, "case.json")))["args"].items())
             if pair[1] != "out" for x in pair]
    expected = tensors(os.path.join(folder, "expected/merged_lora.ckpt"))
    base = tensors(os.path.join(folder, "expected/rank_0/checkpoint_0.ckpt"))
    for suffix, extra in (("ckpt", []), ("safetensors", ["--save_format", "safetensors"]), ("ckpt.safetensors", ["--save_format", "safetensors", "--compat", "mindspore"])):
        shutil.rmtree(out, ignore_errors=True)
        p = merge(*flags, *extra, cwd=folder)
        check("lora_merge to " + suffix, p.returncode == 0, p.stderr)
        got = tensors(os.path.join(out, "merged_lora." + suffix))
        compare("lora_merge to " + suffix, {n: got[n] for n in expected if n in got}, expected, expected, base)

def usage(tmp):
    model = os.path.join(DATA, "lora/mf-mindpet-f32/src/model.ckpt")
    p = merge("--src_ckpt_path_or_dir", model, "--dst_ckpt_dir", tmp + "/u", "--lora_scaling", "lora_alpha/lora_rank")
    check("the literal scaling is explained", p.returncode == 2 and "stands for a number" in p.stderr, p.stderr)
    p = merge("--src_ckpt_path_or_dir", model, "--dst_ckpt_dir", tmp + "/one")
    check("without a config the factor is 1, and it is said", p.returncode == 0 and "--lora_scaling 1 is assumed" in p.stderr, p.stderr)
    copy = os.path.join(tmp, "beside"); os.makedirs(copy); shutil.copy(model, copy)
    with open(os.path.join(copy, "adapter_config.json"), "w") as f: json.dump({"peft_type": "LORA", "r": 8, "lora_alpha": 16}, f)
    results = []
    for flags in (["--lora_scaling", "2"], ["--lora_alpha", "16"], ["--lora_scaling", "auto"], []):
        shutil.rmtree(tmp + "/s", ignore_errors=True)
        p = merge("--src_ckpt_path_or_dir", copy + "/model.ckpt", "--dst_ckpt_dir", tmp + "/s", *flags)
        check("scaling by " + " ".join(flags), p.returncode == 0, p.stderr)
        results.append({n: t.data() for n, t in tensors(tmp + "/s/merged_lora.ckpt").items()} if p.returncode == 0 else None)
    check("four ways to say one factor", all(r == results[0] for r in results))
    with open(os.path.join(copy, "adapter_config.json"), "w") as f: json.dump({"peft_type": "LORA", "r": 4, "lora_alpha": 16}, f)
    p = merge("--src_ckpt_path_or_dir", copy + "/model.ckpt", "--dst_ckpt_dir", tmp + "/r")
    check("a config of another rank is refused", p.returncode == 1 and "A has 8 rows" in p.stderr, p.stderr)

def main():
    for path in sorted(glob.glob(os.path.join(DATA, "lora", "*", "case.json"))):
        with tempfile.TemporaryDirectory() as tmp: run_case(json.load(open(path)), os.path.dirname(path), tmp)
    with tempfile.TemporaryDirectory() as tmp: mindspore_case(tmp)
    with tempfile.TemporaryDirectory() as tmp: usage(tmp)
    print("%d passed, %d failed" % (passed, len(failed)))
    return 1 if failed else 0

if __name__ == "__main__": sys.exit(main())
