#!/usr/bin/env python3
"""Runs the tools on the cases that MindSpore wrote and compares with what MindSpore gave.

  mindspore_cases.py BIN_DIR DATA_DIR [PART_OF_A_NAME]      DATA_DIR holds mindspore/<case>/case.json and auto/<case>/case.json

Every case that the tools can do is run with 1, 2 and 3 workers and rank by rank; trees are compared byte for byte per tensor by
compare_checkpoints.py, which shares no code with the library. Prints 'N passed, M failed'; exit status 1 if any failed."""
import json, os, shutil, subprocess, sys, tempfile
BIN, DATA = (os.path.abspath(p) for p in sys.argv[1:3])
COMPARE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "compare_checkpoints.py")
passed, failed = 0, []

def run(tool, *args, cwd=None):
    return subprocess.run([os.path.join(BIN, tool), *map(str, args)], cwd=cwd, capture_output=True, text=True, timeout=120)

def check(name, ok, why=""):
    global passed
    if ok: passed += 1
    else:
        failed.append(name); print("FAILED", name, why)

def same_tree(a, b, *flags):
    p = subprocess.run([sys.executable, COMPARE, "--compare", a, b, *flags], capture_output=True, text=True)
    return p.returncode == 0, p.stdout[-1500:] + p.stderr[-500:]

def final_files(d):
    return [os.path.join(x, f) for x, _, fs in os.walk(d) for f in fs]

def flags_of(args, out, cwd):
    f = ["--src_checkpoint", os.path.join(cwd, args["src_checkpoints_dir"]), "--dst_checkpoint_dir", out, "--prefix", args["ckpt_prefix"], "--output_format", args.get("output_format", "ckpt")]
    for key, flag in (("src_strategy_file", "--src_strategy"), ("dst_strategy_file", "--dst_strategy")):
        if args.get(key): f += [flag, os.path.join(cwd, args[key])]
    return f

def transform(case, cwd, binding, tmp):
    args, expected = case["args"], os.path.join(cwd, "expected")
    for extra in (["--workers", 1, "--verify"], ["--workers", 2], ["--workers", 3, "--memory", "1MB"]):
        out = os.path.join(tmp, "out%d" % extra[1]); p = run("transform_checkpoint", *flags_of(args, out, cwd), *extra)
        if binding == "error" or case["status"] == "error":
            limit_done = binding == "limit" and p.returncode == 0
            check(case["id"], limit_done or (p.returncode == 1 and "error: " in p.stderr and not final_files(out)), p.stdout + p.stderr + str(final_files(out)))
            if binding == "limit" and p.returncode == 0: check(case["id"] + " verified", run("transform_checkpoint", *flags_of(args, out, cwd), "--force", "--verify").returncode == 0)
            continue
        if p.returncode != 0: check(case["id"], False, p.stderr); return
        check("%s with %d workers" % (case["id"], extra[1]), *same_tree(expected, out))
    if case["status"] != "ok": return
    out = os.path.join(tmp, "by_rank")
    for rank in sorted(int(d[5:]) for d in os.listdir(expected) if d.startswith("rank_")):
        p = run("transform_checkpoint", *flags_of(args, out, cwd), "--only_rank", rank)
        if p.returncode != 0: check(case["id"] + " only rank %d" % rank, False, p.stderr); return
    check(case["id"] + " rank by rank", *same_tree(expected, out))
    enough(case, cwd, binding, tmp)

def by_rank(case, cwd, binding, tmp):
    a, out, src = case["args"], os.path.join(tmp, "out"), os.path.join(tmp, "src")
    for rank, path in a["checkpoint_files_map"].items():
        os.makedirs(os.path.join(src, "rank_" + rank)); shutil.copy(os.path.join(cwd, path), os.path.join(src, "rank_" + rank))
    f = ["--src_checkpoint", src, "--dst_checkpoint_dir", out, "--only_rank", a["rank_id"], "--prefix", "x"]
    for key, flag in (("src_strategy_file", "--src_strategy"), ("dst_strategy_file", "--dst_strategy")):
        if a.get(key): f += [flag, os.path.join(cwd, a[key])]
    p = run("transform_checkpoint", *f)
    if p.returncode != 0: return check(case["id"], False, p.stderr)
    check(case["id"], *same_tree(os.path.join(cwd, "expected"), out))

def merge(case, cwd, binding, tmp):
    a = case["args"]; name = os.path.basename(a["dst_strategy_file"]); out = os.path.join(tmp, name)
    p = run("merge_strategies", "--src_strategy_dirs", os.path.join(cwd, a["src_strategy_dirs"]), "--dst_strategy_file", out)
    check(case["id"], *(same_tree(os.path.join(cwd, "expected", name), out) if p.returncode == 0 else (False, p.stderr)))

def rank_list(case, cwd, binding, tmp):
    for i, q in enumerate(case["queries"]):
        f = ["--rank_id", q["rank_id"], "--rule", "mindspore"]
        for key, flag in (("src_strategy_file", "--src_strategy"), ("dst_strategy_file", "--dst_strategy")):
            if q.get(key): f += [flag, os.path.join(cwd, q[key])]
        p = run("rank_list", *f)
        if "result" not in q: check("%s %d" % (case["id"], i), p.returncode == 1, p.stdout); continue
        check("%s %d" % (case["id"], i), p.returncode == 0 and [int(x) for x in p.stdout.split()] == q["result"], "%s: %s%s" % (q, p.stdout, p.stderr))

def enough(case, cwd, binding, tmp):
    """A folder with just the files that rank_list names is enough for that rank."""
    a, strategies = case["args"], {}
    for key, flag in (("src_strategy_file", "--src_strategy"), ("dst_strategy_file", "--dst_strategy")):
        if a.get(key): strategies[flag] = os.path.join(cwd, a[key])
    if case["status"] != "ok" or "--src_strategy" not in strategies: return
    f = [x for pair in strategies.items() for x in pair]
    for rank in sorted(int(d[5:]) for d in os.listdir(os.path.join(cwd, "expected")) if d.startswith("rank_")):
        p = run("rank_list", "--rank_id", rank, *f); src = os.path.join(tmp, "few%d" % rank)
        for r in p.stdout.split(): shutil.copytree(os.path.join(cwd, a["src_checkpoints_dir"], "rank_" + r), os.path.join(src, "rank_" + r))
        out = os.path.join(tmp, "few_out%d" % rank); q = run("transform_checkpoint", "--src_checkpoint", src, "--dst_checkpoint_dir", out, "--prefix", a["ckpt_prefix"], "--only_rank", rank, *f, "--output_format", a.get("output_format", "ckpt"))
        if q.returncode != 0: check("%s: files of rank %d" % (case["id"], rank), False, p.stdout + p.stderr + q.stderr); continue
        check("%s: files of rank %d" % (case["id"], rank), *same_tree(os.path.join(cwd, "expected", "rank_%d" % rank), os.path.join(out, "rank_%d" % rank)))

def saved(case, cwd, binding, tmp):
    """What save_checkpoint wrote goes through the tools unchanged: MindSpore's file -> 1 rank under a strategy that lists nothing of it."""
    if case["status"] != "ok" or not case["args"]["ckpt_file_name"].endswith(".ckpt"): return
    path = os.path.join(cwd, "expected", os.path.basename(case["args"]["ckpt_file_name"]))
    if binding == "decrypt":
        p = run("checkpoint_inspect", path); return check(case["id"] + " refused", p.returncode == 1 and "encrypted" in p.stderr, p.stdout + p.stderr)
    p = run("checkpoint_inspect", path, "--json", "--hash", "--check")
    if p.returncode != 0: return check(case["id"], False, p.stderr)
    ours = {j["name"]: (j["dtype"], j["sha256"]) for j in map(json.loads, p.stdout.splitlines())}
    q = subprocess.run([sys.executable, COMPARE, path], capture_output=True, text=True)
    theirs = {j["name"]: (j["dtype"], j["sha256"]) for j in map(json.loads, q.stdout.splitlines()) if "name" in j}
    check(case["id"], ours == theirs and len(ours) > 0, "%s\n%s" % (ours, theirs))

def unified(case, cwd, binding, tmp):
    a, out = case["args"], os.path.join(tmp, "out")
    p = run("merge_safetensors", "--mindspore_ckpt_dir", os.path.join(cwd, a["src_dir"]), "--src_strategy_dirs", os.path.join(cwd, a["src_strategy_file"]), "--output_dir", out)
    check(case["id"], *(same_tree(os.path.join(cwd, "expected"), out, "--ignore", "*.json") if p.returncode == 0 else (False, p.stderr)))
    maps = [json.load(open(os.path.join(d, "param_name_map.json"))) for d in (out, os.path.join(cwd, "expected"))]
    check(case["id"] + " map", maps[0] == maps[1], maps)

def container(case, cwd, binding, tmp):
    a, out, to = case["args"], os.path.join(tmp, "out"), "safetensors" if case["op"] == "ckpt_to_safetensors" else "ckpt"
    f = ["--src_checkpoint", os.path.join(cwd, a["file_path"]), "--dst_checkpoint_dir", out, "--output_format", to]
    report = os.path.join(tmp, "report.json")
    p = run("convert_container", *f, "--verify", "--report", report)
    if p.returncode == 0:
        told = json.load(open(report)); ranks = [d for d in os.listdir(out) if d.startswith("rank")]
        check(case["id"] + " one job with one report", told["status"] == "done" and told["files"] == len(told["per_file"]) == max(1, len(ranks)), told)
    check(case["id"], *(same_tree(os.path.join(cwd, "expected"), out) if p.returncode == 0 else (False, p.stderr)))
    names = os.path.join(tmp, "names.json"); json.dump({"one": "two"}, open(names, "w"))
    p = run("convert_container", *f[:3], os.path.join(tmp, "renamed"), *f[4:], "--name_map", names, "--file_name_regex", "^ne")
    q = subprocess.run([sys.executable, COMPARE, os.path.join(tmp, "renamed", "rank_1", "net." + to)], capture_output=True, text=True)
    check(case["id"] + " renamed", p.returncode == 0 and '"two"' in q.stdout and '"one"' not in q.stdout, p.stderr + q.stdout)
    p = run("convert_container", *f[:3], os.path.join(tmp, "none"), *f[4:], "--file_name_regex", "^et"); check(case["id"] + " no match", p.returncode == 1 and "of that name" in p.stderr, p.stderr)
    p = run("convert_container", *f[:3], os.path.join(tmp, "same"), "--output_format", "ckpt" if to == "safetensors" else "safetensors"); check(case["id"] + " the same container", p.returncode == 1, p.stderr)

def loaded(case, cwd, binding, tmp):
    a, out = case["args"], os.path.join(tmp, "out")
    p = run("split_safetensors", "--src_checkpoint", os.path.join(cwd, a["unified_safetensors_dir"]), "--dst_strategy", os.path.join(cwd, a["predict_strategy"]), "--dst_checkpoint_dir", out, "--prefix", "net")
    for r in os.listdir(out) if p.returncode == 0 else []: os.rename(os.path.join(out, r, "net%s.safetensors" % r[5:]), os.path.join(out, r, "net.safetensors"))
    check(case["id"], *(same_tree(os.path.join(cwd, "expected"), out) if p.returncode == 0 else (False, p.stderr)))

def cli(case, cwd, binding, tmp):
    argv = case["argv"]; out = os.path.join(tmp, "out")
    procs = [subprocess.Popen([os.path.join(BIN, "transform_checkpoint"), "--name", "auto", *[x.replace("--dst_checkpoint_dir=expected", "--dst_checkpoint_dir=" + out) for x in a]], cwd=cwd,
             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for a in (argv if isinstance(argv[0], list) else [argv])]
    for p in procs:
        o, e = p.communicate(timeout=120)
        if p.returncode != 0: return check(case["id"], False, e)
    check(case["id"], *same_tree(os.path.join(cwd, "expected"), out))

OPS = {"transform_checkpoints": transform, "transform_checkpoint_by_rank": by_rank, "merge_pipeline_strategys": merge, "rank_list_for_transform": rank_list, "save_checkpoint": saved, "unified_safetensors": unified, "ckpt_to_safetensors": container,
       "safetensors_to_ckpt": container, "load_distributed_checkpoint": loaded}
for kind in ("mindspore", "auto"):
    root = os.path.join(DATA, kind)
    index = {c["id"]: c for c in json.load(open(os.path.join(root, "INDEX.json")))} if os.path.exists(os.path.join(root, "INDEX.json")) else {}
    for name in sorted(os.listdir(root)):
        path = os.path.join(root, name, "case.json")
        if not os.path.exists(path): continue
        case = json.load(open(path)); op = OPS.get(case.get("op")) if kind == "mindspore" else cli if "argv" in case else None
        if op is None or (len(sys.argv) > 3 and sys.argv[3] not in name): continue
        with tempfile.TemporaryDirectory() as tmp: op(case, os.path.join(root, name), index.get(name, {}).get("binding", "bytes"), tmp)
print("%d passed, %d failed" % (passed, len(failed)))
sys.exit(1 if failed or not passed else 0)
