#!/usr/bin/env python3
"""Merges the adapters of cases that PEFT and MindFormers merged, and compares with what they gave.

  lora_cases.py BIN_DIR DATA_DIR      DATA_DIR holds lora/<case>/case.json and mindspore/lora_merge

A result has the names, types, shapes and order of expected/; its values are those of expected_exact/ (float64, rounded once) but for
the accumulation in float32: half types at most 1 ulp on 1e-3 of the elements, float32 1 ulp and a little; what no adapter touches is
byte-identical. Error cases exit with 1, say what `wanted` names, and leave nothing. Prints 'N passed, M failed'."""
import glob, json, math, os, random, shutil, struct, subprocess, sys, tempfile
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

def effects(name, told, got, exact, base):
    """What the report says of small tensors, which the sample covers, is what the files say."""
    changed = {n for n in exact if n in base and exact[n].data() != base[n].data()}
    check(name + ": effects of all merged tensors", changed <= {e["tensor"] for e in told}, told)
    for e in told:
        b, g = numbers(base[e["tensor"]]), numbers(got[e["tensor"]])
        changes = [abs(x - y) for x, y in zip(b, g)]
        check("%s: effect on %s" % (name, e["tensor"]), e["sampled"] == len(b) and e["changed"] == sum(c > 0 for c in changes) and e["largest_change"] == max(changes)
              and 0 <= e["relative_error"] <= {"BFloat16": 2.0 ** -8, "Float16": 2.0 ** -11}.get(got[e["tensor"]].dtype, 1e-6), e)

def whole(path):
    """The tensors of a case's source: a rank checkpoint was also written whole by the original tool."""
    return tensors(path) if os.path.isfile(path) or not os.path.isdir(os.path.join(path, "rank_0")) else None

def run_case(case, folder, tmp):
    out = os.path.join(tmp, "out")
    args = [out if a == "expected" else a for a in case["command"][1:]]
    for extra in ([], ["--workers", 1, "--memory", "1MB", "--verify"]):
        shutil.rmtree(out, ignore_errors=True)
        report = os.path.join(tmp, "report.json")
        p = merge(*args, *extra, "--report", report, cwd=folder)
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
        exact = tensors(os.path.join(folder, "expected_exact"))
        compare(case["id"], got, tensors(expected), exact, base)
        effects(case["id"], json.load(open(report))["effects"], got, exact, base)

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

def untrained(tmp):
    """B is zero before training: nothing changes, and that is said."""
    write_safetensors(tmp + "/base/model.safetensors", {"h.0.c.weight": ("F32", (3, 2), some(3, 2))})
    p = merge("--base", tmp + "/base", "--adapter", write_adapter(tmp + "/a", {"h.0.c.lora_A.weight": ("F32", (2, 2), some(2, 2)), "h.0.c.lora_B.weight": ("F32", (3, 2), [0] * 6)}), "--output", tmp + "/out")
    check("an untrained adapter", p.returncode == 0 and "no sampled element changes" in p.stderr and "h.0.c.weight" in p.stderr and "0.0 % change" in p.stdout, p.stdout + p.stderr)

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

# Adapters of every kind on a made-up model: small integers and factors of powers of two, so that every sum is exact; expectations by
# plain loops over the definitions.
DICE = random.Random(3)
def some(*shape): return [DICE.randint(-3, 3) for _ in range(math.prod(shape))]

def write_safetensors(path, kinds, metadata={"format": "pt"}):
    """kinds: name -> (dtype, shape, values)"""
    header, data = {"__metadata__": metadata}, b""
    for name, (dtype, shape, values) in kinds.items():
        raw = b"".join(struct.pack("<f", v)[2:] for v in values) if dtype == "BF16" else struct.pack("<%d%s" % (len(values), {"F32": "f", "F16": "e"}[dtype]), *values)
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [len(data), len(data) + len(raw)]}; data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f: f.write(struct.pack("<Q", len(text)) + text + data)

def write_adapter(folder, kinds, **config):
    write_safetensors(folder + "/adapter_model.safetensors", {"base_model.model." + n: t for n, t in kinds.items()})
    with open(folder + "/adapter_config.json", "w") as f: json.dump({"peft_type": "LORA", "r": 2, "lora_alpha": 4, **config}, f)
    return folder

def product(b, a, r):
    """b (out, r) times a (r, in), row-major."""
    out, columns = len(b) // r, len(a) // r
    return [sum(b[i * r + k] * a[k * columns + j] for k in range(r)) for i in range(out) for j in range(columns)]

def turned(m, rows): return [m[i * (len(m) // rows) + j] for j in range(len(m) // rows) for i in range(rows)]
def added(w, delta, scale): return [x + scale * d for x, d in zip(w, delta)]

def every_kind(tmp):
    base, E, r = tmp + "/base", 3, 2
    first = {"model.lin.weight": ("BF16", (4, 3), some(4, 3)), "model.lin.bias": ("BF16", (4,), some(4)), "model.square.weight": ("F32", (3, 3), some(3, 3)),
             "model.conv.weight": ("F32", (4, 2, 3, 1), some(4, 2, 3, 1)), "model.embed.weight": ("F32", (5, 3), some(5, 3)), "model.head.weight": ("F16", (5, 3), some(5, 3))}
    second = {"model.dora.weight": ("F32", (2, 2), [3, 4, 6, 8]), "model.other.bias": ("F32", (3,), some(3)), "model.mlp.experts.gate_up_proj": ("F32", (E, 6, 4), some(E, 6, 4)),
              **{"model.block_sparse_moe.experts.%d.w2.weight" % e: ("F32", (4, 5), some(4, 5)) for e in range(E)}}
    third = {"model.norm.weight": ("BF16", (3,), some(3))}
    shards = {"model-0000%d-of-00003.safetensors" % (i + 1): t for i, t in enumerate((first, second, third))}
    for file, kinds in shards.items(): write_safetensors(base + "/" + file, kinds, {"format": "pt", "note": "kept"})
    total = sum(len(v) * {"BF16": 2, "F16": 2, "F32": 4}[d] for t in shards.values() for d, _, v in t.values())
    with open(base + "/model.safetensors.index.json", "w") as f: json.dump({"metadata": {"total_size": total}, "weight_map": {n: file for file, t in shards.items() for n in t}}, f)
    for name, text in (("config.json", '{"a": 1, "vocab_size": 5, "text_config": {"vocab_size": 7}}'), ("tokenizer.json", ""), ("pytorch_model.bin", "stale")):
        with open(base + "/" + name, "w") as f: f.write(text)
    model = {n: list(v) for t in shards.values() for n, (_, _, v) in t.items()}
    A, B, bias = some(2, 3), some(4, 2), some(4)
    CA, CB, EA, EB = some(2, 2, 3, 1), some(4, 2), some(2, 5), some(3, 2)
    one = write_adapter(tmp + "/one", {
        "model.lin.lora_A.weight": ("F32", (2, 3), A), "model.lin.lora_B.weight": ("F32", (4, 2), B), "model.lin.lora_B.bias": ("F32", (4,), bias),
        "model.conv.lora_A.weight": ("F16", (2, 2, 3, 1), CA), "model.conv.lora_B.weight": ("F16", (4, 2, 1, 1), CB),
        "model.embed.lora_embedding_A": ("F32", (2, 5), EA), "model.embed.lora_embedding_B": ("F32", (3, 2), EB),
        "model.head.weight": ("F32", (6, 3), some(6, 3)), "model.other.base_layer.bias": ("F32", (3,), [7, 8, 9])}, lora_bias=True, bias="all", modules_to_save=["head"], alpha_pattern={"conv": 8})
    want = dict(model)
    want["model.lin.weight"] = added(model["model.lin.weight"], product(B, A, 2), 2)
    want["model.lin.bias"] = added(model["model.lin.bias"], bias, 2)
    want["model.conv.weight"] = added(model["model.conv.weight"], product(CB, CA, 2), 4)
    want["model.embed.weight"] = added(model["model.embed.weight"], turned(product(EB, EA, 2), 3), 2)
    want["model.head.weight"] = list(numbers(tensors(one)["base_model.model.model.head.weight"]))
    want["model.other.bias"] = [7, 8, 9]
    SA, SB = some(4, 3), some(3, 4)  # rsLoRA: 4 / sqrt(4)
    two = write_adapter(tmp + "/two", {"model.square.lora_A.weight": ("BF16", (4, 3), SA), "model.square.lora_B.weight": ("F32", (3, 4), SB)}, r=4, use_rslora=True, fan_in_fan_out=True)
    want["model.square.weight"] = added(model["model.square.weight"], turned(product(SB, SA, 4), 3), 2 * 0.5)  # weight 0.5
    three = write_adapter(tmp + "/three", {"model.dora.lora_A.weight": ("F32", (1, 2), [1, -1]), "model.dora.lora_B.weight": ("F32", (2, 1), [0, 2]),
                                           "model.dora.lora_magnitude_vector": ("F32", (2,), [10, 5])}, r=1, lora_alpha=1, use_dora=True)
    want["model.dora.weight"] = [6, 8, 4, 3]
    GA, GB, DA, DB = some(E * r, 4), some(6, r * E), some(E * r, 5), some(4, r * E)
    four = write_adapter(tmp + "/four", {"model.mlp.experts.base_layer.lora_A.weight": ("F32", (E * r, 4), GA), "model.mlp.experts.base_layer.lora_B.weight": ("F32", (6, r * E), GB),
                                         "model.mlp.experts.lora_A.weight": ("F32", (E * r, 5), DA), "model.mlp.experts.lora_B.weight": ("F32", (4, r * E), DB)},
                         target_parameters=["mlp.experts.down_proj", "mlp.experts.gate_up_proj"])
    def expert(e, o, i, a, b, columns): return sum(b[o * r * E + k * E + e] * a[(e * r + k) * columns + i] for k in range(r))
    want["model.mlp.experts.gate_up_proj"] = added(model["model.mlp.experts.gate_up_proj"], [expert(e, o, i, GA, GB, 4) for e in range(E) for o in range(6) for i in range(4)], 2)
    for e in range(E):
        n = "model.block_sparse_moe.experts.%d.w2.weight" % e
        want[n] = added(model[n], [expert(e, o, i, DA, DB, 5) for o in range(4) for i in range(5)], 2)
    for extra in ([], ["--workers", 1, "--memory", "1MB", "--accumulate", "fp64"]):
        out = tmp + "/out"; shutil.rmtree(out, ignore_errors=True)
        p = merge("--base", base, "--adapter", one, "--adapter", two + ":0.5", "--adapter", three, "--adapter", four, "--output", out, "--verify", *extra)
        check("every kind", p.returncode == 0, p.stdout + p.stderr)
        if p.returncode: return
        check("every kind: files", files_of(out) == sorted([*shards, "config.json", "model.safetensors.index.json", "tokenizer.json"]), files_of(out))
        got = tensors(out)
        for n, values in want.items(): check("every kind: " + n, list(numbers(got[n])) == list(values), "%s, not %s" % (numbers(got[n]), values))
        untouched = list(shards)[2]
        check("every kind: a shard without adapter is copied", open(out + "/" + untouched, "rb").read() == open(base + "/" + untouched, "rb").read())
        info = reader.load(out + "/" + list(shards)[0])[1]["metadata"]
        check("every kind: metadata", info["note"] == "kept" and len(info["lora_merged"]) == 4 * 65 - 1, info)
        config = json.load(open(out + "/config.json"))
        check("every kind: the configuration has the longer head's size", config == {"a": 1, "vocab_size": 6, "text_config": {"vocab_size": 7}} and "vocab_size becomes 6" in p.stderr, config)
        check("every kind: the index counts the longer head", json.load(open(out + "/model.safetensors.index.json"))["metadata"]["total_size"] == total + 6)
    p = merge("--base", out, "--adapter", two, "--output", tmp + "/again")
    check("twice is refused", p.returncode == 1 and "is merged into these weights already" in p.stderr and not os.path.exists(tmp + "/again"), p.stderr)
    check("twice by force", merge("--base", out, "--adapter", two, "--output", tmp + "/again", "--force").returncode == 0)
    p = merge("--base", base, "--adapter", two, "--output", tmp + "/half", "--dtype", "bf16")
    check("another type", p.returncode == 0 and {t.dtype for t in tensors(tmp + "/half").values()} == {"BFloat16"}, p.stderr)
    refused(tmp, base)

def safetensors_script(tmp):
    """transform_safetensors_lora: a file, a folder of parts, rank folders with copies; alpha / rows of A."""
    W, V, A, B = some(4, 3), some(3, 4), some(2, 3), some(4, 2)
    part = {"m.w.weight": ("BF16", (4, 3), W), "m.w.lora_A.weight": ("F32", (2, 3), A), "m.w.lora_B.weight": ("F32", (4, 2), B)}
    other = {"m.v.weight": ("F32", (3, 4), V), "m.v.mindpet_delta_lora_a": ("F32", (2, 3), A), "m.v.mindpet_delta_lora_b": ("F32", (4, 2), B), "m.norm": ("F32", (2,), [1, 2])}
    want = {"m.w.weight": added(W, product(B, A, 2), 8), "m.v.weight": added(V, turned(product(B, A, 2), 4), 8), "m.norm": [1, 2]}
    write_safetensors(tmp + "/parts/a-1.safetensors", part); write_safetensors(tmp + "/parts/a-2.safetensors", other)
    write_safetensors(tmp + "/parts/a-opt-1.safetensors", {"adam": ("F32", (1,), [0])})
    write_safetensors(tmp + "/one/model.safetensors", {**part, **other})
    for rank in range(2): write_safetensors("%s/copies/rank_%d/m.safetensors" % (tmp, rank), {**part, **other})
    for source in ("one/model.safetensors", "one", "parts", "copies"):
        for flags in (["--lora_alpha", "16"], []):
            out = tmp + "/out/merged"; shutil.rmtree(tmp + "/out", ignore_errors=True)
            p = merge("--src_ckpt_path", tmp + "/" + source, "--dst_ckpt_path", out, *flags)
            check("safetensors script on " + source, p.returncode == 0 and "stored [in, out]" in p.stderr, p.stderr)
            if p.returncode: continue
            got = {n: list(numbers(t)) for n, t in tensors(out + ".safetensors").items()}
            check("safetensors script on %s: values" % source, got == want, "%s, not %s" % (got, want))
    write_safetensors(tmp + "/copies/rank_1/m.safetensors", {**part, **other, "m.norm": ("F32", (2,), [1, 3])})
    p = merge("--src_ckpt_path", tmp + "/copies", "--dst_ckpt_path", tmp + "/x")
    check("ranks that are no copies", p.returncode == 1 and "m.norm" in p.stderr, p.stderr)
    write_safetensors(tmp + "/parts/a-3.safetensors", {"m.norm": ("F32", (2,), [1, 2])})
    p = merge("--src_ckpt_path", tmp + "/parts", "--dst_ckpt_path", tmp + "/x")
    check("a name in two parts", p.returncode == 1 and "a-3.safetensors: m.norm" in p.stderr, p.stderr)

def mindspore_names(tmp):
    """An adapter of PEFT into a checkpoint with MindSpore's names."""
    base = os.path.join(DATA, "lora/mf-mindpet-f32/expected/merged_lora.ckpt")
    A, B, C, D = some(2, 32), some(32, 2), some(2, 40), some(32, 2)
    layer = "model.layers.0."
    adapter = write_adapter(tmp + "/adapter", {layer + "self_attn.q_proj.lora_A.weight": ("F32", (2, 32), A), layer + "self_attn.q_proj.lora_B.weight": ("F32", (32, 2), B),
                                               layer + "mlp.down_proj.lora_A.weight": ("F32", (2, 40), C), layer + "mlp.down_proj.lora_B.weight": ("F32", (32, 2), D)})
    p = merge("--src_ckpt_path_or_dir", base, "--model", "llama", "--adapter", adapter, "--dst_ckpt_dir", tmp + "/out", "--verify")
    check("MindSpore's names", p.returncode == 0, p.stderr)
    if p.returncode: return
    before, got = tensors(base), tensors(tmp + "/out/merged_lora.ckpt")
    delta = {layer + "attention.wq.weight": product(B, A, 2), layer + "feed_forward.w2.weight": product(D, C, 2)}
    check("MindSpore's names: order", list(got) == list(before))
    for n, t in before.items():
        want = t.data() if n not in delta else struct.pack("<%df" % len(delta[n]), *added(numbers(t), delta[n], 2))
        check("MindSpore's names: " + n, got[n].data() == want)
    check("beside a .ckpt stands what was merged", json.load(open(tmp + "/out/merged_lora.json"))["lora_scaling"] == "2")
    p = merge("--src_ckpt_path_or_dir", tmp + "/out/merged_lora.ckpt", "--model", "llama", "--adapter", adapter, "--dst_ckpt_dir", tmp + "/again")
    check("twice into a .ckpt is refused", p.returncode == 1 and "already" in p.stderr, p.stderr)

def fused_names(tmp):
    """Into q, k, v and gate, up that are rows of one tensor: the same as merging first and fusing then."""
    convert = lambda *args: subprocess.run([os.path.join(BIN, "convert_weight"), "--model", "llama", "--quiet", *args], capture_output=True, text=True, check=True)
    hidden, heads, kv, d, ffn, layers = 12, 6, 2, 4, 10, 2
    config = {"model_type": "llama", "hidden_size": hidden, "num_attention_heads": heads, "num_key_value_heads": kv, "head_dim": d, "intermediate_size": ffn, "num_hidden_layers": layers, "vocab_size": 7}
    real = lambda *shape: ("BF16", shape, [DICE.randint(-64, 64) / 16 for _ in range(math.prod(shape))])
    rows = {"self_attn.q_proj": heads * d, "self_attn.k_proj": kv * d, "self_attn.v_proj": kv * d, "mlp.gate_proj": ffn, "mlp.up_proj": ffn}
    base = {"model.embed_tokens.weight": real(7, hidden), "model.norm.weight": real(hidden), "lm_head.weight": real(7, hidden)}
    for at in ("model.layers.%d." % l for l in range(layers)):
        base.update({at + m + ".weight": real(n, hidden) for m, n in rows.items()})
        base.update({at + "self_attn.o_proj.weight": real(hidden, heads * d), at + "mlp.down_proj.weight": real(hidden, ffn), at + "input_layernorm.weight": real(hidden), at + "post_attention_layernorm.weight": real(hidden)})
    base["model.layers.0.self_attn.k_proj.weight"][2][0] = -0.0  # what nothing is added to keeps its sign
    hf = tmp + "/hf"; write_safetensors(hf + "/model.safetensors", base); json.dump(config, open(hf + "/config.json", "w"))
    kinds = {}
    for m in ("0.self_attn.q_proj", "0.self_attn.v_proj", "0.mlp.up_proj", "1.self_attn.k_proj", "1.mlp.gate_proj", "1.mlp.up_proj", "1.mlp.down_proj"):
        out, into = base["model.layers.%s.weight" % m][1]
        kinds.update({"model.layers.%s.lora_A.weight" % m: real(2, into), "model.layers.%s.lora_B.weight" % m: real(out, 2)})
    adapter = write_adapter(tmp + "/adapter", kinds)
    p = merge("--base", hf, "--adapter", adapter, "--output", tmp + "/merged"); check("fused: merged before", p.returncode == 0, p.stderr)
    cut = {"current_stage": 1, "parallel_strategy_item": {}, "parallel_layout_item": {}}
    for flags in (["--qkv_concat", "True"], ["--target", "mcore"]):
        name = "fused %s" % flags[-1]
        convert("--input_path", tmp + "/merged", "--config", hf + "/config.json", "--output_path", tmp + "/want.ckpt", "--force", *flags)
        convert("--input_path", hf, "--output_path", tmp + "/fused.ckpt", "--force", *flags)
        want = {n: t.data() for n, t in tensors(tmp + "/want.ckpt").items()}; before = {n: t.data() for n, t in tensors(tmp + "/fused.ckpt").items()}
        changed = {n for n in want if want[n] != before[n]}
        check(name + ": q, k, v are changed in one tensor", any("qkv" in n for n in changed), changed)
        common = ["--model", "llama", "--config", hf + "/config.json", "--adapter", adapter]
        for extra in ([], ["--workers", 1, "--memory", "1MB", "--verify"]):
            shutil.rmtree(tmp + "/out", ignore_errors=True)
            p = merge("--src_ckpt_path_or_dir", tmp + "/fused.ckpt", "--dst_ckpt_dir", tmp + "/out", *common, *extra)
            got = {n: t.data() for n, t in tensors(tmp + "/out/merged_lora.ckpt").items()} if p.returncode == 0 else p.stderr
            check(name, got == want, got if isinstance(got, str) else [n for n in want if got.get(n) != want[n]])
        # cut by rows over 2 ranks, within heads; merged as shards, and cut anew
        cut["parallel_layout_item"] = {n: {"dev_matrix": [2], "tensor_map": [0, -1] if len(t.shape) == 2 and t.shape[0] % 2 == 0 else [-1] * len(t.shape), "field": 0, "opt_weight_shard_step": 0, "opt_weight_shard_size": 0}
                                       for n, t in tensors(tmp + "/fused.ckpt").items()}
        json.dump(cut, open(tmp + "/two.json", "w"))
        for source, out in (("fused", "ranks"), ("want", "wanted")):
            shutil.rmtree(tmp + "/" + out, ignore_errors=True)
            subprocess.run([os.path.join(BIN, "transform_checkpoint"), "--src_checkpoint", tmp + "/%s.ckpt" % source, "--dst_strategy", tmp + "/two.json", "--dst_checkpoint_dir", tmp + "/" + out, "--quiet"], check=True)
        p = merge("--src_ckpt_path_or_dir", tmp + "/ranks", "--src_ckpt_strategy", tmp + "/two.json", "--dst_ckpt_strategy", tmp + "/two.json", "--dst_ckpt_dir", tmp + "/over" + flags[-1], "--verify", *common)
        rank = lambda d, r: {n: t.data() for n, t in tensors("%s/%s/rank_%d/checkpoint_%d.ckpt" % (tmp, d, r, r)).items()}
        same = p.returncode == 0 and all(rank("over" + flags[-1], r) == rank("wanted", r) for r in (0, 1))
        check(name + " over 2 ranks", same, p.stderr)
    p = merge("--src_ckpt_path_or_dir", tmp + "/fused.ckpt", "--dst_ckpt_dir", tmp + "/x", "--model", "llama", "--config", hf + "/config.json", "--adapter",
              write_adapter(tmp + "/dora", {**{n: k for n, k in kinds.items() if "0.self_attn.q_proj" in n}, "model.layers.0.self_attn.q_proj.lora_magnitude_vector": real(heads * d)}, use_dora=True))
    check("fused: DoRA is refused", p.returncode == 1 and "is a part of" in p.stderr and "q_proj" in p.stderr, p.stderr)

def tied_head(tmp):
    """An adapter on a tied embedding brings copies of it; the head is not stored."""
    E, A, B = some(5, 3), some(2, 5), some(3, 2)
    write_safetensors(tmp + "/base/model.safetensors", {"transformer.wte.weight": ("BF16", (5, 3), E), "h.0.c.weight": ("F32", (3, 2), some(3, 2))})
    kinds = {"transformer.wte.lora_embedding_A": ("F32", (2, 5), A), "transformer.wte.lora_embedding_B": ("F32", (3, 2), B),
             "transformer.h.0.c.lora_A.weight": ("F32", (2, 3), some(2, 3)), "transformer.h.0.c.lora_B.weight": ("F32", (2, 2), some(2, 2))}
    copies = {"transformer.wte.base_layer.weight": ("F32", (5, 3), E), "lm_head.weight": ("F32", (5, 3), E)}
    p = merge("--base", tmp + "/base", "--adapter", write_adapter(tmp + "/a", {**kinds, **copies}), "--output", tmp + "/out")
    check("a tied head", p.returncode == 0 and "lm_head.weight is a copy of the embedding" in p.stderr and "so the head changes" in p.stderr, p.stderr)
    if p.returncode == 0:
        got = tensors(tmp + "/out")
        check("a tied head: values", sorted(got) == ["h.0.c.weight", "transformer.wte.weight"] and list(numbers(got["transformer.wte.weight"])) == added(E, turned(product(B, A, 2), 3), 2))
    copies["lm_head.weight"] = ("F32", (5, 3), E[:-1] + [9])
    p = merge("--base", tmp + "/base", "--adapter", write_adapter(tmp + "/b", {**kinds, **copies}), "--output", tmp + "/x")
    check("a head that is no copy is refused", p.returncode == 1 and "the base has no tensor lm_head.weight" in p.stderr, p.stderr)

def as_peft_writes(tmp):
    """Forms that PEFT itself writes: patterns of a parameter's path, modules saved twice, Conv1D under fan_in_fan_out of another layer."""
    E, r, D, Q, H = 2, 4, some(2, 4, 5), some(3, 3), some(2, 3)
    C = some(3, 3)
    S, N = some(2, 4, 4), some(5, 3)  # as gpt-oss has it, [E, in, out]
    base = {"model.mlp.experts.down_proj": ("F32", (E, 4, 5), D), "model.oss.experts.down_proj": ("F32", (E, 4, 4), S), "model.oss.experts.gate_up_proj": ("F32", (E, 4, 8), some(E, 4, 8)), "model.embed.weight": ("F32", (5, 3), N),
            "model.q_proj.weight": ("F32", (3, 3), Q), "model.head.weight": ("F32", (2, 3), H),
            "model.h.0.attn.c_attn.weight": ("F32", (3, 9), some(3, 9)), "model.h.0.attn.c_attn.bias": ("F32", (9,), some(9)),
            "model.h.0.attn.c_proj.weight": ("F32", (3, 3), C), "model.h.0.attn.c_proj.bias": ("F32", (3,), some(3))}
    write_safetensors(tmp + "/base/model.safetensors", base)
    DA, DB, QA, QB, CA, CB, saved = some(E * r, 5), some(4, r * E), some(2, 3), some(3, 2), some(2, 3), some(3, 2), some(2, 3)
    head = {"model.head.weight": ("F32", (2, 3), saved), "model.head.modules_to_save.weight": ("F32", (2, 3), saved), "model.head.original_module.weight": ("F32", (2, 3), H)}
    kinds = {"model.mlp.experts.lora_A.weight": ("F32", (E * r, 5), DA), "model.mlp.experts.lora_B.weight": ("F32", (4, r * E), DB),
             "model.q_proj.lora_A.weight": ("F32", (2, 3), QA), "model.q_proj.lora_B.weight": ("F32", (3, 2), QB),
             "model.h.0.attn.c_proj.lora_A.weight": ("F32", (2, 3), CA), "model.h.0.attn.c_proj.lora_B.weight": ("F32", (3, 2), CB), **head}
    SA, SB, longer, EA, EB = some(E * r, 4), some(4, r * E), some(6, 3), some(2, 6), some(3, 2)
    kinds.update({"model.oss.experts.lora_A.weight": ("F32", (E * r, 4), SA), "model.oss.experts.lora_B.weight": ("F32", (4, r * E), SB),
                  "model.embed.base_layer.weight": ("F32", (6, 3), longer), "model.embed.lora_embedding_A": ("F32", (2, 6), EA), "model.embed.lora_embedding_B": ("F32", (3, 2), EB)})
    config = dict(target_modules="(?i).*c_proj", target_parameters=["q_proj.weight", "experts.down_proj"], modules_to_save=["head"], rank_pattern={".*\\.down_proj": r},
                  alpha_pattern={"mlp.experts": 100, "experts.down_proj": 8, "q_proj": 100, "q_proj.weight": 6})
    adapter = write_adapter(tmp + "/adapter", kinds, **config)
    p = merge("--base", tmp + "/base", "--adapter", adapter, "--output", tmp + "/out", "--verify")
    check("as PEFT writes", p.returncode == 0, p.stderr)
    if p.returncode: return
    def expert(e, o, i): return sum(DB[o * r * E + k * E + e] * DA[(e * r + k) * 5 + i] for k in range(r))
    want = {"model.mlp.experts.down_proj": added(D, [expert(e, o, i) for e in range(E) for o in range(4) for i in range(5)], 8 / r), "model.q_proj.weight": added(Q, product(QB, QA, 2), 3),
            "model.oss.experts.down_proj": added(S, [sum(SB[o * r * E + k * E + e] * SA[(e * r + k) * 4 + i] for k in range(r)) for e in range(E) for i in range(4) for o in range(4)], 8 / r),
            "model.embed.weight": added(longer, turned(product(EB, EA, 2), 3), 2), "model.h.0.attn.c_proj.weight": added(C, turned(product(CB, CA, 2), 3), 2), "model.head.weight": saved}
    got = tensors(tmp + "/out")
    for n, values in want.items(): check("as PEFT writes: " + n, list(numbers(got[n])) == list(values), "%s, not %s" % (numbers(got[n]), values))
    twice = write_adapter(tmp + "/twice", {**kinds, "model.head.modules_to_save.weight": ("F32", (2, 3), H)}, **config)
    p = merge("--base", tmp + "/base", "--adapter", twice, "--output", tmp + "/x")
    check("saved twice with other numbers", p.returncode == 1 and "model.head.weight is replaced twice" in p.stderr, p.stderr)
    saves = write_adapter(tmp + "/saves", {"model.q_proj.weight": ("F32", (3, 3), some(3, 3))}, modules_to_save=["q_proj"])
    p = merge("--base", tmp + "/base", "--adapter", adapter, "--adapter", saves, "--output", tmp + "/x")
    check("what was added to is not replaced", p.returncode == 1 and "would replace what another adapter was added to" in p.stderr and not os.path.exists(tmp + "/x"), p.stderr)

def base_of_torch(tmp):
    """A base in pytorch_model.bin becomes safetensors, as save_pretrained has it."""
    for path in glob.glob(os.path.join(DATA, "**", "*.bin"), recursive=True):
        os.makedirs(tmp + "/base", exist_ok=True); shutil.copy(path, tmp + "/base/pytorch_model.bin"); open(tmp + "/base/config.json", "w").write("{}")
        before = subprocess.run([os.path.join(BIN, "checkpoint_inspect"), tmp + "/base/pytorch_model.bin", "--json", "--hash"], capture_output=True, text=True)
        told = [json.loads(line) for line in before.stdout.splitlines()] if before.returncode == 0 else []
        told = [t for t in told if t["name"].endswith(".weight") and len(t["shape"]) == 2 and "Float" in t["dtype"]]
        if not told: continue
        name, (rows, columns) = told[0]["name"], told[0]["shape"]
        module = name[:-len(".weight")]
        adapter = write_adapter(tmp + "/adapter", {module + ".lora_A.weight": ("F32", (2, columns), some(2, columns)), module + ".lora_B.weight": ("F32", (rows, 2), some(rows, 2))})
        p = merge("--base", tmp + "/base", "--adapter", adapter, "--output", tmp + "/out", "--verify")
        check("a base of torch", p.returncode == 0, p.stderr)
        check("a base of torch: files", p.returncode != 0 or files_of(tmp + "/out") == ["config.json", "model.safetensors"], files_of(tmp + "/out"))
        after = subprocess.run([os.path.join(BIN, "checkpoint_inspect"), tmp + "/out/model.safetensors", "--json", "--hash"], capture_output=True, text=True)
        hashes = {t["name"]: t["sha256"] for t in map(json.loads, after.stdout.splitlines())}
        same = [t["name"] for t in told if hashes.get(t["name"]) == t["sha256"]]
        check("a base of torch: the others stay", len(same) == len(told) - 1 and name not in same, (len(same), len(told)))
        return
    check("a base of torch", False, "no .bin in the data")

def refused(tmp, base):
    A, B = ("F32", (2, 3), some(2, 3)), ("F32", (4, 2), some(4, 2))
    pair = {"model.lin.lora_A.weight": A, "model.lin.lora_B.weight": B}
    for number, (word, kinds, config) in enumerate((
            ("lora_B without lora_A", {"model.lin.lora_B.weight": B}, {}),
            ("the base has no model.none.weight", {"model.none.lora_A.weight": A, "model.none.lora_B.weight": B}, {}),
            ("the configuration says 4", pair, {"r": 4}),
            ("A has 2 rows, B 3 columns", {**pair, "model.lin.lora_B.weight": ("F32", (4, 3), some(4, 3))}, {}),
            ("B x A does not fit", {**pair, "model.lin.lora_B.weight": ("F32", (5, 2), some(5, 2))}, {}),
            ("use_dora without lora_magnitude_vector", pair, {"use_dora": True}),
            ("lora_magnitude_vector without use_dora", {**pair, "model.lin.lora_magnitude_vector": ("F32", (4,), some(4))}, {}),
            ("the base has no bias", {"model.square.lora_A.weight": A, "model.square.lora_B.weight": ("F32", (3, 2), some(3, 2)), "model.square.lora_B.bias": ("F32", (3,), some(3))}, {}),
            ("the base has no tensor model.none.weight", {"model.none.weight": A}, {}),
            ("is of no known kind", {**pair, "model.lin.lora_C.weight": A}, {}),
            ("layer_replication", pair, {"layer_replication": [[0, 1]]}),
            ("peft_type is 'IA3'", pair, {"peft_type": "IA3"}),
            ("is infinite or no number", {**pair, "model.lin.lora_A.weight": ("F32", (2, 3), [float("inf")] * 6)}, {}),
            ("row 0 has norm 0", {"model.dora.lora_A.weight": ("F32", (2, 2), [0, 0, 1, 1]), "model.dora.lora_B.weight": ("F32", (2, 2), [0, -1.5, 0, 0]), "model.dora.lora_magnitude_vector": ("F32", (2,), [1, 1])}, {"use_dora": True}))):
        here = "%s/refused%d" % (tmp, number)
        if word.startswith("row 0"):
            write_safetensors(here + "/base/model.safetensors", {"model.dora.weight": ("F32", (2, 2), [3, 3, 1, 1])})
        p = merge("--base", here + "/base" if word.startswith("row 0") else base, "--adapter", write_adapter(here, kinds, **config), "--output", here + "/out")
        check("refused: " + word, p.returncode == 1 and word in p.stderr and not [f for f in (files_of(here + "/out") if os.path.isdir(here + "/out") else []) if not f.startswith(".")], p.stdout + p.stderr)

def main():
    for path in sorted(glob.glob(os.path.join(DATA, "lora", "*", "case.json"))):
        with tempfile.TemporaryDirectory() as tmp: run_case(json.load(open(path)), os.path.dirname(path), tmp)
    with tempfile.TemporaryDirectory() as tmp: mindspore_case(tmp)
    with tempfile.TemporaryDirectory() as tmp: usage(tmp)
    with tempfile.TemporaryDirectory() as tmp: every_kind(tmp)
    with tempfile.TemporaryDirectory() as tmp: safetensors_script(tmp)
    with tempfile.TemporaryDirectory() as tmp: mindspore_names(tmp)
    with tempfile.TemporaryDirectory() as tmp: fused_names(tmp)
    with tempfile.TemporaryDirectory() as tmp: tied_head(tmp)
    with tempfile.TemporaryDirectory() as tmp: as_peft_writes(tmp)
    with tempfile.TemporaryDirectory() as tmp: base_of_torch(tmp)
    with tempfile.TemporaryDirectory() as tmp: untrained(tmp)
    print("%d passed, %d failed" % (passed, len(failed)))
    return 1 if failed else 0

if __name__ == "__main__": sys.exit(main())
