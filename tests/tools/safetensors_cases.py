#!/usr/bin/env python3
"""Runs the tools on merges that MindSpore and torch did and compares with what they gave.

  safetensors_cases.py BIN_DIR DATA_DIR [PART_OF_A_NAME]      DATA_DIR holds safetensors/<case>/case.json

Weights are compared as full tensors with the formula of the cases' README, and with the files that the original wrote; nothing here shares code
with the library. Prints 'N passed, M failed'; exit status 1 if any failed."""
import json, os, shutil, struct, subprocess, sys, tempfile
BIN, DATA = (os.path.abspath(p) for p in sys.argv[1:3])
ONLY = sys.argv[3] if len(sys.argv) > 3 else ""
passed, failed = 0, []

def run(tool, *args):
    return subprocess.run([os.path.join(BIN, tool), *map(str, args)], capture_output=True, text=True, timeout=120)

def check(name, ok, why=""):
    global passed
    if ok: passed += 1
    else:
        failed.append(name); print("FAILED", name, why)

def tensors_of(path):
    """name -> (dtype, shape, bytes), and the metadata"""
    with open(path, "rb") as f: data = f.read()
    n = struct.unpack("<Q", data[:8])[0]; head = json.loads(data[8:8 + n]); meta = head.pop("__metadata__", None)
    return {k: (t["dtype"], t["shape"], data[8 + n + t["data_offsets"][0]:8 + n + t["data_offsets"][1]]) for k, t in head.items()}, meta

def folder(path, hyper=True):
    """All tensors of the .safetensors files in a folder."""
    out = {}
    for f in sorted(os.listdir(path)):
        if f.endswith(".safetensors") and (hyper or f != "hyper_param.safetensors"):
            tensors, _ = tensors_of(os.path.join(path, f))
            assert not set(tensors) & set(out), "twice: %s" % (set(tensors) & set(out))
            out.update(tensors)
    return out

def differences(expected, got):
    return ["%s: %s" % (k, "missing" if k not in got else "extra" if k not in expected else "%s %s" % (expected[k][:2], got[k][:2])) for k in sorted(set(expected) | set(got))
            if expected.get(k) != got.get(k)]

def index_agrees(path, name):
    index = json.load(open(os.path.join(path, name))); where = index.get("weight_map", index); sizes = 0
    for tensor, file in where.items():
        tensors, _ = tensors_of(os.path.join(path, file)); sizes += len(tensors[tensor][2])
    files = {f for f in os.listdir(path) if f.endswith(".safetensors") and f != "hyper_param.safetensors"}
    total = index["metadata"]["total_size"] if "weight_map" in index else sizes
    return set(where.values()) == files and total == sizes and len(where) == len(folder(path, False)), (where, total, sizes)

def write_weights(path, tensors, meta=None):
    head, data = ({"__metadata__": meta} if meta else {}), b""
    for k, (dtype, shape, content) in tensors.items():
        head[k] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}; data += content
    text = json.dumps(head).encode(); text += b" " * (-len(text) % 8)
    with open(path, "wb") as f: f.write(struct.pack("<Q", len(text)) + text + data)

def leftovers(path):
    return [f for _, _, fs in os.walk(path) for f in fs]

def merge_flags(case, cwd, out):
    a = case["args"]; f = ["--mindspore_ckpt_dir", os.path.join(cwd, a["src_dir"]), "--src_strategy_dirs", os.path.join(cwd, a["src_strategy_file"]), "--output_dir", out, "--no_sync"]
    if "file_suffix" in a: f += ["--file_suffix", a["file_suffix"]]
    choice = case.get("choice_func", {})
    for prefix in choice.get("drop_prefix", []): f += ["--filter_out_param_prefix", prefix]
    for old, new in choice.get("rename", {}).items(): f += ["--rename", "%s=%s" % (old, new)]
    return f + ["--has_redundancy", str(not a.get("merge_with_redundancy", True))]

def unify(case, cwd, tmp):
    expected, name = os.path.join(cwd, "expected"), case["id"]
    if case["outcome"] == "error":
        out = os.path.join(tmp, "kept"); p = run("merge_safetensors", *merge_flags(case, cwd, out), "--redundancy", "kept")
        check(name + " read as kept", p.returncode == 1 and "rank 0 lacks 'model.layers.0.attention_norm.weight'" in p.stderr and not leftovers(out), p.stderr)
    total = sum(len(t[2]) for t in folder(expected, False).values()) if case["outcome"] == "ok" else 0
    parts = case.get("forced_parts", 1); whole = case["outcome"] == "ok"
    for number, extra in enumerate((["--workers", 1, "--verify"], ["--max_process_num", 2], ["--workers", 3, "--memory", "1MB", "--flat_map"], ["--format", "hf"], ["--format", "hf", "--max_shard_size", 600], ["--compat", "mindspore", "--redundancy", "auto"])):
        out = os.path.join(tmp, "out%d" % number); size = ["--max_shard_size", -(-total // parts)] if parts > 1 and "hf" not in extra else []
        if "mindspore" in extra and case["args"].get("file_suffix", "1_1") != "1_1": continue
        p = run("merge_safetensors", *merge_flags(case, cwd, out), *extra, *size); label = "%s %s" % (name, extra)
        if p.returncode != 0: check(label, False, p.stderr); continue
        if not whole:
            check(label + " warns", "the files decide" in p.stderr, p.stderr)
            got = folder(out, False); check(label, {k: t[1] for k, t in got.items()} == {k: t["shape"] for k, t in case["tensors"].items()} and all(formula(case["tensors"][k]) == t[2] for k, t in got.items()), list(got))
            continue
        check(label, *same(differences(folder(expected, False), folder(out, False))))
        hyper, theirs = (tensors_of(os.path.join(d, "hyper_param.safetensors"))[0] for d in (out, expected))
        if "mindspore" not in extra: theirs = {k: t for k, t in theirs.items() if k not in case["tensors"]}  # rank 0's slices of tensors that were left out
        check(label + " hyper parameters", *same(differences(theirs, hyper)))
        if "hf" in extra: ok = index_agrees(out, "model.safetensors.index.json") if 600 in extra else (leftovers(out).count("model.safetensors") == 1, leftovers(out))
        else: ok = index_agrees(out, "param_name_map.json")
        check(label + " index", *ok)
        if "hf" not in extra:
            check(label + " files", sorted(os.listdir(out)) == sorted(os.listdir(expected)), os.listdir(out))
            check(label + " metadata", tensors_of(os.path.join(out, "part0.safetensors"))[1] == {"format": "ms", "remove_redundancy": "False"})
            sizes = lambda d: sorted(sum(len(t[2]) for t in tensors_of(os.path.join(d, f))[0].values()) for f in os.listdir(d) if f.startswith("part"))
            check(label + " part sizes", sizes(out) == sizes(expected), (sizes(out), sizes(expected)))
            ours, given = (json.load(open(os.path.join(d, "param_name_map.json"))) for d in (out, expected))
            check(label + " map", ours == {k: os.path.basename(v) for k, v in ours.items()} if "--flat_map" in extra else ours["metadata"] == given["metadata"] and set(ours["weight_map"]) == set(given["weight_map"]), ours)
        if extra[1] == 1:
            again = run("merge_safetensors", *merge_flags(case, cwd, out)); check(name + " into a full folder", again.returncode == 1 and "is not empty" in again.stderr, again.stderr)
    faults(case, cwd, tmp)

def formula(tensor):
    """Element k is base + k."""
    n = 1
    for d in tensor["shape"]: n *= d
    assert tensor["dtype"] == "F32"
    return struct.pack("<%df" % n, *(tensor["base"] + k for k in range(n)))

def same(found):
    return not found, found[:10]

def copied(case, cwd, tmp, label):
    """The case with a source of its own to be damaged."""
    to = os.path.join(tmp, "damaged_" + label); shutil.copytree(os.path.join(cwd, "src"), os.path.join(to, "src"))
    return to

def files_of(cwd, case):
    src, suffix = os.path.join(cwd, case["args"]["src_dir"]), case["args"].get("file_suffix", "")
    return {int(d[5:]): os.path.join(src, d, f) for d in os.listdir(src) if d.startswith("rank_") for f in os.listdir(os.path.join(src, d)) if f.endswith("-" + suffix + ".safetensors" if suffix else ".safetensors")}

def faults(case, cwd, tmp):
    """Every tensor that is deleted where it has one holder is missed by name; everywhere else the result stays."""
    if case["source_files"]["redundancy"] != "removed" or case.get("choice_func"): return
    files = files_of(cwd, case); holders = {}
    for rank, path in files.items():
        for k, t in tensors_of(path)[0].items(): holders.setdefault((k, t[2]), []).append(rank)
    for (k, content), ranks in sorted(holders.items()):
        if k not in case["tensors"] or len(ranks) > 1 or not k.endswith(("wq.weight", "norm.weight")): continue
        broken = copied(case, cwd, tmp, "sole"); path = files_of(broken, case)[ranks[0]]
        tensors, meta = tensors_of(path); del tensors[k]; write_weights(path, tensors, meta)
        out = os.path.join(tmp, "sole_out"); p = run("merge_safetensors", *merge_flags(case, broken, out))
        check("%s: %s deleted in rank %d" % (case["id"], k, ranks[0]), p.returncode == 1 and k in p.stderr and str(ranks[0]) in p.stderr and not leftovers(out), p.stdout + p.stderr)
        shutil.rmtree(broken)

def collisions(case, cwd, tmp):
    out = os.path.join(tmp, "collision"); names = sorted(case["tensors"])[:2]
    for flags, words in ((["--rename", "%s=%s" % tuple(names)], "several tensors would have one name: " + names[1]), (["--rename", "x=y"], "no tensor has a name that is to be changed: x"), (["--file_suffix", "7_7"], "no file that ends in '-7_7'"),
                         (["--output_dir", os.path.join(cwd, "src")], "is not empty")):
        p = run("merge_safetensors", *merge_flags(case, cwd, out)[:(-2 if flags[0] != "--output_dir" else 4)], *flags); check("%s %s" % (case["id"], flags), p.returncode == 1 and words in p.stderr and not leftovers(out), p.stderr)

def newest(case, cwd, tmp):
    """Without a suffix the newest step is taken and named; ranks must agree on it."""
    own = copied(case, cwd, tmp, "newest"); src = os.path.join(own, "src")
    out = os.path.join(tmp, "newest_out"); flags = ["--mindspore_ckpt_dir", src, "--src_strategy_dirs", os.path.join(src, "strategy"), "--no_sync"]
    p = run("merge_safetensors", *flags, "--output_dir", out); check(case["id"] + " newest", p.returncode == 0 and "epoch 11 step 1" in p.stderr, p.stderr)
    os.remove(os.path.join(src, "rank_3", "model_rank_3-11_1.safetensors"))
    p = run("merge_safetensors", *flags, "--output_dir", out + "2"); check(case["id"] + " ranks disagree", p.returncode == 1 and "rank_3" in p.stderr and not leftovers(out + "2"), p.stderr)

def transform(case, cwd, tmp):
    a = case["args"]; out = os.path.join(tmp, "out"); flags = lambda d: ["--src_checkpoint", os.path.join(cwd, a["src_checkpoints_dir"]), "--src_strategy", os.path.join(cwd, a["src_strategy_file"]), "--dst_strategy", os.path.join(cwd, a["dst_strategy_file"]),
                                              "--prefix", a["ckpt_prefix"], "--no_sync", "--dst_checkpoint_dir", d]
    p = run("transform_checkpoint", *flags(out), "--output_format", a["output_format"], "--verify"); check(case["id"], p.returncode == 0, p.stderr)
    for d in sorted(os.listdir(os.path.join(cwd, "expected"))):
        check("%s %s" % (case["id"], d), *same(differences(folder(os.path.join(cwd, "expected", d)), folder(os.path.join(out, d)))))
    p = run("transform_checkpoint", *flags(out + "_ckpt")); check(case["id"] + " to .ckpt", p.returncode == 0, p.stderr)
    p = run("checkpoint_verify", out, out + "_ckpt", *[x for f in ("--strategy", "--other_strategy") for x in (f, os.path.join(cwd, a["dst_strategy_file"]))])
    check(case["id"] + ": both containers are equal", p.returncode == 0, p.stdout + p.stderr)

def split(case, cwd, tmp):
    """Complete weights cut for ranks; merged again they are the same."""
    a = case["args"]; out = os.path.join(tmp, "out"); expected = os.path.join(cwd, "expected"); strategy = os.path.join(cwd, a["predict_strategy"])
    for fmt in ("safetensors", "ckpt"):
        p = run("split_safetensors", "--src_checkpoint", os.path.join(cwd, a["unified_safetensors_dir"]), "--dst_strategy", strategy, "--dst_checkpoint_dir", os.path.join(out, fmt), "--prefix", "net", "--output_format", fmt, "--verify", "--no_sync")
        check("%s %s" % (case["id"], fmt), p.returncode == 0, p.stderr)
    for d in sorted(os.listdir(expected)): check("%s %s" % (case["id"], d), *same(differences(folder(os.path.join(expected, d)), folder(os.path.join(out, "safetensors", d)))))
    for source in ("safetensors", "ckpt"):
        p = run("merge_safetensors", "--mindspore_ckpt_dir", os.path.join(out, source), "--src_strategy_dirs", strategy, "--output_dir", os.path.join(tmp, "merged_" + source), "--no_sync")
        check("%s merged from %s" % (case["id"], source), *(same(differences(folder(os.path.join(cwd, a["unified_safetensors_dir"])), folder(os.path.join(tmp, "merged_" + source)))) if p.returncode == 0 else (False, p.stderr)))

def split_again(case, cwd, tmp):
    """The merged weights, cut under the strategy with redundancy removed: as MindSpore dealt them out, exactly its files; by bytes, one copy of each part."""
    if case["outcome"] != "ok" or case.get("choice_func") or case["source_files"]["redundancy"] != "removed": return
    a, src = case["args"], os.path.join(cwd, case["args"]["src_dir"]); strategy = os.path.join(cwd, a["src_strategy_file"])
    for rule in ("mindspore", "bytes"):
        out = os.path.join(tmp, "split_" + rule)
        p = run("split_safetensors", "--src_checkpoint", os.path.join(cwd, "expected"), "--dst_strategy", strategy, "--dst_checkpoint_dir", out, "--remove_redundancy", rule, "--verify", "--no_sync")
        if p.returncode != 0: check("%s split %s" % (case["id"], rule), False, p.stderr); continue
        ranks = sorted(os.listdir(src)); ranks = [r for r in ranks if r.startswith("rank_")]
        if rule == "mindspore":
            for r in ranks: check("%s split as MindSpore: %s" % (case["id"], r), *same(differences(folder(os.path.join(src, r)), folder(os.path.join(out, r)))))
        total = lambda d: sum(len(t[2]) for r in ranks for k, t in folder(os.path.join(d, r)).items() if k in case["tensors"])
        check("%s split %s: one copy" % (case["id"], rule), total(out) == total(src) and tensors_of(os.path.join(out, "rank_0", "checkpoint_0.safetensors"))[1] == {"format": "ms", "remove_redundancy": "True"}, (total(out), total(src)))
        p = run("merge_safetensors", "--mindspore_ckpt_dir", out, "--src_strategy_dirs", strategy, "--output_dir", out + "_merged", "--no_sync")
        check("%s split %s and merged" % (case["id"], rule), *(same(differences(folder(os.path.join(cwd, "expected")), folder(out + "_merged"))) if p.returncode == 0 else (False, p.stderr)))

def torch_shards(case, cwd, tmp):
    src, expected = os.path.join(cwd, "src"), folder(os.path.join(cwd, "expected"))
    for number, extra in enumerate(([], ["--format", "mindspore"], ["--max_shard_size", 200])):
        out = os.path.join(tmp, "out%d" % number); p = run("merge_safetensors", "--dcp_dir", src, "--output_dir", out, "--verify", "--no_sync", *extra)
        check("%s %s" % (case["id"], extra), *(same(differences(expected, folder(out))) if p.returncode == 0 else (False, p.stderr)))
    for number, words, status in ((1, "there is no file of shard 2", 0), (0, "wq.weight: the shards have 24 elements of 48", 1)):
        broken = copied(case, cwd, tmp, "shard%d" % number); os.remove(os.path.join(broken, "src", case["src_files"][number]))
        out = os.path.join(tmp, "broken%d" % number); p = run("merge_safetensors", "--dcp_dir", os.path.join(broken, "src"), "--output_dir", out)
        check(case["id"] + " without shard %d" % number, p.returncode == status and words in p.stderr and (status == 0 or not leftovers(out)), p.stderr)
    # integers, uneven and empty shards: what torch 2.15 cannot merge
    os.makedirs(os.path.join(tmp, "odd"))
    rows = [(0, 3), (3, 3), (6, 1), (7, 0)]; whole = struct.pack("<14q", *range(14))
    for rank, (first, n) in enumerate(rows):
        info = {"n": {"saved_offsets": [first, 0]}}
        write_weights(os.path.join(tmp, "odd", "shard-%05d-model-00001-of-00001.safetensors" % (rank + 1)), {"n": ("I64", [n, 2], whole[first * 16:(first + n) * 16])}, {"DCP_SHARDING_INFO": json.dumps(info), "DCP_VERSION": "1.0", "format": "pt"})
    out = os.path.join(tmp, "odd_out"); p = run("merge_safetensors", "--dcp_dir", os.path.join(tmp, "odd"), "--output_dir", out)
    check(case["id"] + " uneven integers", p.returncode == 0 and folder(out) == {"n": ("I64", [7, 2], whole)}, p.stderr)

def tensor_parallel(case, cwd, tmp):
    """Shards of another framework, whose layouts a JSON strategy states; and the way back."""
    n = case["tp"]; items = {}
    for name, t in case["layouts"].items():
        kind, shape = t["layout"], t["shape"]; cut = {"rep": None, "1": 1}.get(kind, 0)
        items[name] = {"dev_matrix": [n], "tensor_map": [0 if d == cut else -1 for d in range(len(shape))], "tensor_shape": shape, "field": 0, "opt_weight_shard_size": 0, "opt_weight_shard_step": 0}
        if kind == "gate_up": items[name]["sections"] = [[shape[0] // 2] * 2]
        if kind.startswith("qkv:"): q, kv, d = map(int, kind[4:].split(",")); items[name]["sections"] = [[q * d, kv * d, kv * d]]
    strategy, out, back = (os.path.join(tmp, f) for f in ("layouts.json", "out", "back"))
    with open(strategy, "w") as f: json.dump({"current_stage": 1, "parallel_layout_item": items, "parallel_strategy_item": {}}, f)
    pattern = "model-tp{rank}-of-%d.safetensors" % n; flags = ["--mindspore_ckpt_dir", os.path.join(cwd, "src"), "--src_strategy_dirs", strategy, "--format", "hf", "--no_sync", "--verify"]
    p = run("merge_safetensors", *flags, "--rank_files", pattern, "--output_dir", out); check(case["id"], *(same(differences(folder(os.path.join(cwd, "expected")), folder(out))) if p.returncode == 0 else (False, p.stderr)))
    p = run("split_safetensors", "--src_checkpoint", out, "--dst_strategy", strategy, "--dst_checkpoint_dir", back, "--no_sync", "--verify"); check(case["id"] + " split", p.returncode == 0, p.stderr)
    for r in range(n): check("%s rank %d" % (case["id"], r), *same(differences(tensors_of(os.path.join(cwd, "src", pattern.replace("{rank}", str(r))))[0], folder(os.path.join(back, "rank_%d" % r)))))
    p = run("merge_safetensors", *flags, "--rank_files", pattern, "--file_suffix", "1_1", "--output_dir", out + "2"); check(case["id"] + " pattern and suffix", p.returncode == 2 and "--file_suffix" in p.stderr, (p.returncode, p.stderr))
    p = run("merge_safetensors", *flags, "--rank_files", "shard{rank}", "--output_dir", out + "2"); check(case["id"] + " other pattern", p.returncode == 1 and "has no file 'shard{rank}'" in p.stderr, p.stderr)

def unify_and_back(case, cwd, tmp):
    unify(case, cwd, tmp); split_again(case, cwd, tmp)

BITS = {"BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
        "I32": 32, "U32": 32, "F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64}

def json_strategy(path, layouts):
    """layouts: name -> (shape, dim that four ranks cut)"""
    items = {n: {"dev_matrix": [4], "tensor_map": [0 if d == cut else -1 for d in range(len(shape))], "tensor_shape": shape, "field": 0, "opt_weight_shard_size": 0, "opt_weight_shard_step": 0} for n, (shape, cut) in layouts.items()}
    with open(path, "w") as f: json.dump({"current_stage": 1, "parallel_layout_item": items, "parallel_strategy_item": {}}, f)

def every_type(tmp):
    """Tensors of every type, cut by rows and by columns and merged; those of 4 and 6 bits where cuts lie between bytes."""
    rows, columns = 8, 32; weights, layouts, split_flags = {}, {}, ["--no_sync", "--verify"]
    for dtype, bits in BITS.items():
        line = columns * bits // 8
        for cut in (0, 1):
            weights["%s.%d" % (dtype, cut)] = (dtype, [rows, columns], bytes((7 * i + bits) % 2 if dtype == "BOOL" else (7 * i + bits) % 251 for i in range(rows * line))); layouts["%s.%d" % (dtype, cut)] = ([rows, columns], cut)
    src, strategy, ranks = os.path.join(tmp, "all.safetensors"), os.path.join(tmp, "s.json"), os.path.join(tmp, "ranks"); write_weights(src, weights); json_strategy(strategy, layouts)
    p = run("split_safetensors", "--src_checkpoint", src, "--dst_strategy", strategy, "--dst_checkpoint_dir", ranks, *split_flags); check("every type: split", p.returncode == 0, p.stderr)
    for r in range(4):
        expected = {}
        for name, (dtype, _, data) in weights.items():
            line = len(data) // rows
            if layouts[name][1] == 0: expected[name] = (dtype, [rows // 4, columns], data[r * len(data) // 4:(r + 1) * len(data) // 4])
            else: expected[name] = (dtype, [rows, columns // 4], b"".join(data[k * line + r * line // 4:k * line + (r + 1) * line // 4] for k in range(rows)))
        check("every type: rank %d" % r, *same(differences(expected, folder(os.path.join(ranks, "rank_%d" % r)))))
    for number, extra in enumerate(([], ["--format", "hf", "--max_shard_size", "4000"])):
        out = os.path.join(tmp, "merged%d" % number); p = run("merge_safetensors", "--mindspore_ckpt_dir", ranks, "--src_strategy_dirs", strategy, "--output_dir", out, "--no_sync", "--verify", *extra)
        check("every type: merged %s" % extra, *(same(differences(weights, folder(out))) if p.returncode == 0 else (False, p.stderr)))
        if extra: check("every type: index", *index_agrees(out, "model.safetensors.index.json"))
    for shape, cut, words in (([4, 4], 1, "t"), ([4, 3], 0, "3 elements of F4, 4 bits each, end inside a byte")):
        write_weights(src, {"t": ("F4", shape, bytes(shape[0] * shape[1] // 2))}); json_strategy(strategy, {"t": (shape, cut)}); out = os.path.join(tmp, "cut%d" % cut)
        p = run("split_safetensors", "--src_checkpoint", src, "--dst_strategy", strategy, "--dst_checkpoint_dir", out, *split_flags); check("F4 %s cut inside a byte" % shape, p.returncode == 1 and words in p.stderr and "t" in p.stderr and not leftovers(out), p.stderr)

OPS = {"mindspore.unified_safetensors": unify_and_back, "mindspore.transform_checkpoints": transform, "mindspore.load_distributed_checkpoint": split, "torch.distributed.checkpoint consolidate_safetensors_files": torch_shards, "tp_shards_to_full": tensor_parallel}
root = os.path.join(DATA, "safetensors")
for name in sorted(os.listdir(root)):
    path = os.path.join(root, name, "case.json")
    if not os.path.exists(path) or ONLY not in name: continue
    case = json.load(open(path)); op = OPS.get(case["op"])
    if op is None: continue
    with tempfile.TemporaryDirectory() as tmp:
        op(case, os.path.join(root, name), tmp)
        if name == "unify_tp4dp2_kept": collisions(case, os.path.join(root, name), tmp)
        if name == "unify_suffix_1_1": newest(case, os.path.join(root, name), tmp)
if ONLY in "every_type":
    with tempfile.TemporaryDirectory() as tmp: every_type(tmp)
print("%d passed, %d failed" % (passed, len(failed)))
sys.exit(1 if failed or not passed else 0)
