#!/usr/bin/env python3
"""Runs convert_weight on the cases that the real tools wrote, and on tiny random models whose result is computed here, row by row.

  convert_cases.py BIN_DIR DATA_DIR [WORD]      DATA_DIR holds convert/<case>/case.json; WORD: only names with it

Every forward result is compared bit for bit (names, types, shapes) with formulas that share no code with the library; the reverse of it
must be the source again. Prints 'N passed, M failed'; exit status 1 if any failed."""
import collections, hashlib, io, json, os, pickle, random, shutil, struct, subprocess, sys, tempfile, types, zipfile
import compare_checkpoints as reader
BIN, DATA = (os.path.abspath(p) for p in sys.argv[1:3])
WORD = sys.argv[3] if len(sys.argv) > 3 else ""
passed, failed = 0, []

def check(name, ok, why=""):
    global passed
    if ok: passed += 1
    else: failed.append(name); print("FAILED", name, why)

def run(*args, cwd=None):
    return subprocess.run([os.path.join(BIN, "convert_weight"), *map(str, args)], cwd=cwd, capture_output=True, text=True, timeout=120)

def files_below(path):
    if os.path.isfile(path): return [path]
    return [os.path.join(d, f) for d, _, fs in os.walk(path) for f in fs]

NAMES = {v: k for k, v in reader.ST.items()}
def tensors_of(path):
    """name -> (safetensors type, shape, sha256) of all weight files below a path"""
    out = {}
    for f in files_below(path):
        if not f.endswith((".ckpt", ".safetensors")): continue
        for t in reader.load(f)[0]:
            assert t.name not in out, t.name
            out[t.name] = (NAMES.get(t.dtype, t.dtype), list(t.shape), t.sha())
    return out

def different(a, b):
    names = sorted(set(a) ^ set(b))[:6] + [n for n in sorted(set(a) & set(b)) if a[n] != b[n]][:6]
    return ["%s: %s, expected %s" % (n, a.get(n), b.get(n)) for n in names]

# ---- cases of the real tools

def real_case(name, cwd):
    case = json.load(open(os.path.join(cwd, "case.json")))
    with tempfile.TemporaryDirectory() as tmp:
        out = os.path.join(tmp, "expected")
        command = [out + a[8:] if a.startswith("expected") else a for a in case["command"]]
        p = run(*command, cwd=cwd)
        if case.get("wanted"):
            words = [w.strip(".,;`'") for w in case["wanted"].split() if w.count(".") > 1]
            check(name, p.returncode == 1 and all(w in p.stderr for w in words) and not files_below(out), p.stdout + p.stderr)
            return
        if p.returncode != 0: return check(name, False, p.stderr)
        expected = {t["name"]: (t["dtype"], t["shape"], t["sha256"]) for t in json.load(open(os.path.join(cwd, "manifest.json")))}
        check(name, tensors_of(out) == expected, different(tensors_of(out), expected))
        if case["direction"] == "forward": there_and_back(name, case, cwd, tmp)

def there_and_back(name, case, cwd, tmp):
    """The types are kept, so that the reverse must give the source."""
    flags, i = [], 0
    while i < len(case["command"]):
        flag = case["command"][i]
        if flag not in ("--input_path", "--output_path", "--dtype"): flags += case["command"][i:i + 2]
        i += 2
    if "--config" not in flags and os.path.exists(os.path.join(cwd, "src/config.json")): flags += ["--config", "src/config.json"]
    there, back = os.path.join(tmp, "there"), os.path.join(tmp, "back")
    p = run(*flags, "--dtype", "keep", "--input_path", "src", "--output_path", there, cwd=cwd)
    q = run(*flags, "--dtype", "keep", "--reversed", "--input_path", there, "--output_path", back, "--verify", cwd=cwd)
    if p.returncode or q.returncode: return check(name + " there and back", False, p.stderr + q.stderr)
    source = tensors_of(os.path.join(cwd, "src"))
    check(name + " there and back", tensors_of(back) == source, different(tensors_of(back), source))

# ---- tiny random models: a tensor is (type, list of rows), a row a list of elements as bytes; of one dim each row has one element

DICE = random.Random(20261126)
SIZE = {"BF16": 2, "F32": 4, "F8_E4M3": 1}

def element(kind):
    if kind == "BF16": return struct.pack("<H", DICE.randrange(2) << 15 | DICE.randrange(100, 140) << 7 | DICE.randrange(128))
    if kind == "F8_E4M3": return bytes([DICE.randrange(127) | DICE.randrange(2) << 7])
    return struct.pack("<f", 2.0 ** DICE.randrange(-6, 6))
def matrix(rows, columns, kind="BF16"): return kind, [[element(kind) for _ in range(columns)] for _ in range(rows)]
def vector(n, kind="BF16"): return kind, [element(kind) for _ in range(n)]

def shape_of(value):
    shape = []
    while isinstance(value, list): shape.append(len(value)); value = value[0]
    return shape
def bytes_of(value): return value if isinstance(value, bytes) else b"".join(map(bytes_of, value))
def facts(tensors): return {n: (kind, shape_of(v), hashlib.sha256(bytes_of(v)).hexdigest()) for n, (kind, v) in tensors.items()}

def write(folder, config, tensors, shards=2):
    os.makedirs(folder)
    json.dump(config, open(os.path.join(folder, "config.json"), "w"))
    names = sorted(tensors)
    weight_map = {}
    for s in range(shards):
        header, data = {}, b""
        file = "model-%05d-of-%05d.safetensors" % (s + 1, shards)
        for n in names[s::shards]:
            b = bytes_of(tensors[n][1]); weight_map[n] = file
            header[n] = {"dtype": tensors[n][0], "shape": shape_of(tensors[n][1]), "data_offsets": [len(data), len(data) + len(b)]}; data += b
        text = json.dumps(header).encode(); text += b" " * (-len(text) % 8)
        open(os.path.join(folder, file), "wb").write(struct.pack("<Q", len(text)) + text + data)
    json.dump({"metadata": {}, "weight_map": weight_map}, open(os.path.join(folder, "model.safetensors.index.json"), "w"))

def halves(rows, d): return [r for b in range(0, len(rows), d) for r in rows[b:b + d:2] + rows[b + 1:b + d:2]]
def grouped(q, k, v, m, d):
    g, out = len(q) // m, []
    for j in range(m): out += q[j * g:(j + 1) * g] + k[j * d:(j + 1) * d] + v[j * d:(j + 1) * d]
    return out
def turns(a, b): return [r for pair in zip(a, b) for r in pair]
def transposed(a): return [list(c) for c in zip(*a)]
def float32(t): return ("F32", [b"\0\0" + e for e in t[1]] if isinstance(t[1][0], bytes) else [[b"\0\0" + e for e in r] for r in t[1]]) if t[0] == "BF16" else t

def compare(name, model, config, source, expected, flags, lossless=True):
    """Forward with the types kept is what is expected, also as one .ckpt, and reverse is the source."""
    if WORD not in name: return
    with tempfile.TemporaryDirectory() as tmp:
        src, out, back = (os.path.join(tmp, d) for d in ("src", "out", "back"))
        write(src, config, source)
        keep = [] if "--dtype" in flags else ["--dtype", "keep"]
        p = run("--model", model, "--input_path", src, "--output_path", out, *keep, *flags, "--verify", "--max_shard_size", "4KB", "--memory", "4MB")
        if p.returncode != 0: return check(name, False, p.stderr)
        check(name, tensors_of(out) == facts(expected), different(tensors_of(out), facts(expected)))
        one = os.path.join(tmp, "one.ckpt")
        p = run("--model", model, "--input_path", src, "--output_path", one, *keep, *flags, "--workers", 1)
        check(name + " ckpt", p.returncode == 0 and tensors_of(one) == facts(expected), p.stderr)
        if not lossless: return
        for given in (one, out):
            p = run("--model", model, "--reversed", "--input_path", given, "--output_path", back, *keep, *flags, "--config", os.path.join(src, "config.json"), "--force")
            if p.returncode != 0: return check(name + " reversed", False, p.stderr)
            check(name + " reversed", tensors_of(back) == facts(source), different(tensors_of(back), facts(source)))
            shutil.rmtree(back)

def dense(kv=2, n=6, d=8, h=20, i=14, v=31, layers=2, bias=False, norms=False):
    t = {"model.embed_tokens.weight": matrix(v, h), "model.norm.weight": vector(h), "lm_head.weight": matrix(v, h)}
    for l in range(layers):
        p = "model.layers.%d." % l
        for w, r in (("q", n), ("k", kv), ("v", kv)):
            t[p + "self_attn.%s_proj.weight" % w] = matrix(r * d, h)
            if bias: t[p + "self_attn.%s_proj.bias" % w] = vector(r * d)
        t[p + "self_attn.o_proj.weight"] = matrix(h, n * d)
        t[p + "mlp.gate_proj.weight"] = matrix(i, h); t[p + "mlp.up_proj.weight"] = matrix(i, h); t[p + "mlp.down_proj.weight"] = matrix(h, i)
        t[p + "input_layernorm.weight"] = vector(h); t[p + "post_attention_layernorm.weight"] = vector(h)
        if norms: t[p + "self_attn.q_norm.weight"] = vector(d); t[p + "self_attn.k_norm.weight"] = vector(d)
    config = {"model_type": "llama", "hidden_size": h, "num_hidden_layers": layers, "num_attention_heads": n, "num_key_value_heads": kv, "head_dim": d,
              "intermediate_size": i, "vocab_size": v, "tie_word_embeddings": False}
    return config, t

def legacy_attention(source, out, l, fused, m=2, d=8):
    p, q = "model.layers.%d.self_attn." % l, "model.layers.%d.attention." % l
    for w in ("weight", "bias"):
        if p + "q_proj." + w not in source: continue
        parts = [source[p + x + "_proj." + w][1] for x in "qkv"]
        if fused: out[q + "w_qkv." + w] = ("BF16", grouped(*parts, m, d))
        else: out.update({q + "w%s.%s" % (x, w): ("BF16", r) for x, r in zip("qkv", parts)})
    out[q + "wo.weight"] = source[p + "o_proj.weight"]
    p, q = "model.layers.%d." % l, "model.layers.%d." % l
    out[q + "attention_norm.weight"] = source[p + "input_layernorm.weight"]; out[q + "ffn_norm.weight"] = source[p + "post_attention_layernorm.weight"]

def legacy_ends(source):
    return {"model.tok_embeddings.embedding_weight": source["model.embed_tokens.weight"], "model.norm_out.weight": source["model.norm.weight"], "lm_head.weight": source["lm_head.weight"]}
def mcore_ends(source):
    return {"embedding.word_embeddings.weight": source["model.embed_tokens.weight"], "decoder.final_layernorm.weight": source["model.norm.weight"], "output_layer.weight": source["lm_head.weight"]}

def legacy_dense(source, fused, layers=2):
    out = legacy_ends(source)
    for l in range(layers):
        legacy_attention(source, out, l, fused)
        p, q = "model.layers.%d.mlp." % l, "model.layers.%d.feed_forward." % l
        gate, up = source[p + "gate_proj.weight"], source[p + "up_proj.weight"]
        if fused: out[q + "w_gate_hidden.weight"] = ("BF16", turns(gate[1], up[1]))
        else: out[q + "w1.weight"] = gate; out[q + "w3.weight"] = up
        out[q + "w2.weight"] = source[p + "down_proj.weight"]
    return out

def mcore_attention(source, out, l, plain):
    p, q = "model.layers.%d.self_attn." % l, "decoder.layers.%d.self_attention." % l
    for w in ("weight", "bias"):
        if p + "q_proj." + w not in source: continue
        parts = [source[p + x + "_proj." + w][1] for x in "qkv"]
        out[q + "linear_qkv." + w] = ("BF16", sum(parts, []) if plain else grouped(*parts, 2, 8))
    out[q + "linear_proj.weight"] = source[p + "o_proj.weight"]
    for x in "qk":
        if p + x + "_norm.weight" in source: out[q + x + "_layernorm.weight"] = source[p + x + "_norm.weight"]
    out["decoder.layers.%d.input_layernorm.weight" % l] = source["model.layers.%d.input_layernorm.weight" % l]
    out["decoder.layers.%d.pre_mlp_layernorm.weight" % l] = source["model.layers.%d.post_attention_layernorm.weight" % l]

def mcore_mlp(source, out, p, q, plain):
    gate, up = source[p + "gate_proj.weight"][1], source[p + "up_proj.weight"][1]
    out[q + "linear_fc1.weight"] = ("BF16", gate + up if plain else turns(gate, up))
    out[q + "linear_fc2.weight"] = source[p + "down_proj.weight"]

def mcore_dense(source, plain, layers=2):
    out = mcore_ends(source)
    for l in range(layers):
        mcore_attention(source, out, l, plain)
        mcore_mlp(source, out, "model.layers.%d.mlp." % l, "decoder.layers.%d.mlp." % l, plain)
    return out

def add_experts(t, p, names, e, j, h):
    for x in range(e):
        for w in names: t["%s.%d.%s.weight" % (p, x, w)] = matrix(h, j) if w in ("down_proj", "w2") else matrix(j, h)

def mcore_experts(source, out, p, q, e):
    weight1, weight2 = [], []
    for x in range(e):
        name = p + "experts.%d." % x
        weight1 += transposed(source[name + "gate_proj.weight"][1] + source[name + "up_proj.weight"][1])
        weight2 += transposed(source[name + "down_proj.weight"][1])
    out[q + "experts.weight1"], out[q + "experts.weight2"] = ("BF16", weight1), ("BF16", weight2)
    out[q + "router.weight"] = source[p + "gate.weight"]

def dense_cases():
    config, source = dense()
    compare("llama legacy", "llama", config, source, legacy_dense(source, False), [])
    compare("llama legacy fused", "llama", config, source, legacy_dense(source, True), ["--qkv_concat", "True"])
    compare("llama mcore", "llama3_1", config, source, mcore_dense(source, False), ["--target", "mcore"])
    compare("llama mcore plain", "yi", config, source, mcore_dense(source, True), ["--target", "mcore", "--qkv_layout", "plain", "--fc1_layout", "concat"])
    wide = {n: float32(t) for n, t in legacy_dense(source, False).items()}
    compare("llama float32", "internlm", config, source, wide, ["--dtype", "fp32"], lossless=False)
    config, source = dense(bias=True); config["model_type"] = "qwen2"
    compare("qwen fused", "qwen2.5", config, source, legacy_dense(source, True), ["--qkv_concat", "True"])
    compare("qwen mcore", "qwen", config, source, mcore_dense(source, False), ["--target", "mcore"])
    config, source = dense(norms=True); config["model_type"] = "qwen3"
    compare("qwen3", "qwen3", config, source, mcore_dense(source, False), [])
    for n in [n for n in source if ".mlp." in n]: del source[n]
    for l in range(2):
        add_experts(source, "model.layers.%d.mlp.experts" % l, ("gate_proj", "up_proj", "down_proj"), 12, 10, 20); source["model.layers.%d.mlp.gate.weight" % l] = matrix(12, 20)
    out = mcore_ends(source)
    for l in range(2): mcore_attention(source, out, l, False); mcore_experts(source, out, "model.layers.%d.mlp." % l, "decoder.layers.%d.mlp." % l, 12)
    compare("qwen3_moe", "qwen3-moe", dict(config, model_type="qwen3_moe", num_experts=12, moe_intermediate_size=10), source, out, [])
    stacked = {n: t for n, t in source.items() if ".experts." not in n}
    for l in range(2):
        expert = lambda e, w: source["model.layers.%d.mlp.experts.%d.%s_proj.weight" % (l, e, w)][1]
        stacked["model.layers.%d.mlp.experts.gate_up_proj" % l] = ("BF16", [expert(e, "gate") + expert(e, "up") for e in range(12)])
        stacked["model.layers.%d.mlp.experts.down_proj" % l] = ("BF16", [expert(e, "down") for e in range(12)])
    compare("qwen3_moe stacked", "qwen3-moe", dict(config, model_type="qwen3_moe", num_local_experts=12, moe_intermediate_size=10), stacked, out, [], False)

def mixtral_cases():
    config, source = dense(); config = dict(config, model_type="mixtral", num_local_experts=12)
    for n in [n for n in source if ".mlp." in n]: del source[n]
    for l in range(2):
        p = "model.layers.%d.block_sparse_moe." % l
        add_experts(source, p + "experts", ("w1", "w2", "w3"), 12, 14, 20); source[p + "gate.weight"] = matrix(12, 20)
    for turn in (False, True):
        out = legacy_ends(source)
        for l in range(2):
            legacy_attention(source, out, l, False)
            p, q = "model.layers.%d.block_sparse_moe." % l, "model.layers.%d.feed_forward." % l
            out[q + "router.dense.weight"] = source[p + "gate.weight"]
            for w in ("w1", "w2", "w3"):
                each = [source[p + "experts.%d.%s.weight" % (e, w)][1] for e in range(12)]
                out[q + "ffn.%s.weight" % w] = ("BF16", [transposed(x) if turn else x for x in each])
        compare("mixtral gmm %s" % turn, "mixtral", config, source, out, ["--use_gmm", str(turn)])
        stacked = {n: t for n, t in source.items() if "block_sparse_moe" not in n}  # as transformers 5 has it in memory
        for l in range(2):
            p, q = "model.layers.%d.block_sparse_moe." % l, "model.layers.%d.mlp." % l
            stacked[q + "gate.weight"] = source[p + "gate.weight"]
            expert = lambda e, w: source[p + "experts.%d.%s.weight" % (e, w)][1]
            stacked[q + "experts.gate_up_proj"] = ("BF16", [expert(e, "w1") + expert(e, "w3") for e in range(12)])
            stacked[q + "experts.down_proj"] = ("BF16", [expert(e, "w2") for e in range(12)])
        compare("mixtral stacked gmm %s" % turn, "mixtral", config, stacked, out, ["--use_gmm", str(turn)], False)

def glm_cases():
    n, m, d, h, i, v = 6, 2, 8, 20, 14, 31
    old = {"transformer.embedding.word_embeddings.weight": matrix(v, h), "transformer.encoder.final_layernorm.weight": vector(h), "transformer.output_layer.weight": matrix(v, h),
           "transformer.rotary_pos_emb.inv_freq": vector(4)}
    new = {"model.embed_tokens.weight": old["transformer.embedding.word_embeddings.weight"], "model.norm.weight": old["transformer.encoder.final_layernorm.weight"],
           "lm_head.weight": old["transformer.output_layer.weight"]}
    for l in range(2):
        p, q = "transformer.encoder.layers.%d." % l, "model.layers.%d." % l
        for w, make in (("weight", lambda r: matrix(r, h)), ("bias", vector)):
            parts = [make(n * d), make(m * d), make(m * d)]
            old[p + "self_attention.query_key_value." + w] = ("BF16", parts[0][1] + parts[1][1] + parts[2][1])
            for x, t in zip("qkv", parts): new[q + "self_attn.%s_proj.%s" % (x, w)] = t
        old[p + "self_attention.dense.weight"] = new[q + "self_attn.o_proj.weight"] = matrix(h, n * d)
        old[p + "mlp.dense_h_to_4h.weight"] = new[q + "mlp.gate_up_proj.weight"] = matrix(2 * i, h)
        old[p + "mlp.dense_4h_to_h.weight"] = new[q + "mlp.down_proj.weight"] = matrix(h, i)
        for x in ("input_layernorm", "post_attention_layernorm"): old[p + x + ".weight"] = new[q + x + ".weight"] = vector(h)
    old_config = {"model_type": "chatglm", "num_layers": 2, "padded_vocab_size": v, "hidden_size": h, "ffn_hidden_size": i, "kv_channels": d, "num_attention_heads": n,
                  "multi_query_attention": True, "multi_query_group_num": m, "add_qkv_bias": True}
    new_config = {"model_type": "glm4", "num_hidden_layers": 2, "vocab_size": v, "hidden_size": h, "intermediate_size": i, "head_dim": d, "num_attention_heads": n,
                  "num_key_value_heads": m, "attention_bias": True, "tie_word_embeddings": False}
    for bits in range(8):
        qkv, rope, mlp = (bool(bits >> b & 1) for b in range(3)); out = dict(old)
        out["transformer.embedding.embedding_weight"] = out.pop("transformer.embedding.word_embeddings.weight")
        for l in range(2):
            p = "transformer.encoder.layers.%d." % l
            for w in ("weight", "bias"):
                _, rows = out.pop(p + "self_attention.query_key_value." + w); cut = n * d + m * d
                q, k, v_rows = rows[:n * d], rows[n * d:cut], rows[cut:]
                if rope: q, k = halves(q, d), halves(k, d)
                if qkv: out[p + "self_attention.query_key_value." + w] = ("BF16", q + k + v_rows)
                else: out.update({p + "self_attention.w%s.%s" % (x, w): ("BF16", r) for x, r in (("q", q), ("k", k), ("v", v_rows))})
            if not mlp:
                _, rows = out.pop(p + "mlp.dense_h_to_4h.weight")
                out[p + "mlp.dense_left.weight"], out[p + "mlp.dense_right.weight"] = ("BF16", rows[:i]), ("BF16", rows[i:])
        flags = ["--qkv_concat", str(qkv), "--use_rearrange_rope", str(rope), "--mlp_concat", str(mlp)]
        compare("glm %d" % bits, "glm-n", old_config, old, out, flags)
        without = {name: t for name, t in out.items() if "inv_freq" not in name}
        if bits in (0, 3, 5): compare("glm new names %d" % bits, "glm4", new_config, new, without, flags)

def deepseek(kind="BF16", block=None, scale_kind="F32"):
    n, no, ro, vd, qr, kr, h, i, j, e, v, layers, dense_layers = 2, 3, 8, 7, 9, 5, 20, 14, 10, 12, 17, 2, 1
    t = {"model.embed_tokens.weight": matrix(v, h), "model.norm.weight": vector(h), "lm_head.weight": matrix(v, h)}
    def weight(name, rows, columns):
        t[name + ".weight"] = matrix(rows, columns, kind)
        if block: t[name + ".weight_scale_inv"] = (scale_kind, [[element("F32") for _ in range(-(-columns // block[1]))] for _ in range(-(-rows // block[0]))])
    for l in range(layers + 1):
        p = "model.layers.%d." % l
        a = p + "self_attn."
        weight(a + "q_a_proj", qr, h); weight(a + "q_b_proj", n * (no + ro), qr); weight(a + "kv_a_proj_with_mqa", kr + ro, h); weight(a + "kv_b_proj", n * (no + vd), kr); weight(a + "o_proj", h, n * vd)
        t[a + "q_a_layernorm.weight"] = vector(qr); t[a + "kv_a_layernorm.weight"] = vector(kr)
        for x in ("input_layernorm", "post_attention_layernorm"): t[p + x + ".weight"] = vector(h)
        if l < dense_layers:
            weight(p + "mlp.gate_proj", i, h); weight(p + "mlp.up_proj", i, h); weight(p + "mlp.down_proj", h, i)
        else:
            t[p + "mlp.gate.weight"] = matrix(e, h); t[p + "mlp.gate.e_score_correction_bias"] = vector(e, "F32")
            for m in ["mlp.shared_experts"] + ["mlp.experts.%d" % x for x in range(e)]: weight(p + m + ".gate_proj", j, h); weight(p + m + ".up_proj", j, h); weight(p + m + ".down_proj", h, j)
    p = "model.layers.%d." % layers
    t[p + "embed_tokens.weight"], t[p + "shared_head.head.weight"] = t["model.embed_tokens.weight"], t["lm_head.weight"]
    t[p + "enorm.weight"], t[p + "hnorm.weight"], t[p + "shared_head.norm.weight"], t[p + "eh_proj.weight"] = vector(h), vector(h), vector(h), matrix(h, 2 * h)
    config = {"model_type": "deepseek_v3", "hidden_size": h, "vocab_size": v, "num_attention_heads": n, "num_key_value_heads": n, "q_lora_rank": qr, "kv_lora_rank": kr, "qk_nope_head_dim": no,
              "qk_rope_head_dim": ro, "v_head_dim": vd, "intermediate_size": i, "moe_intermediate_size": j, "n_routed_experts": e, "num_hidden_layers": layers, "num_nextn_predict_layers": 1,
              "first_k_dense_replace": dense_layers, "tie_word_embeddings": False}
    if block: config["quantization_config"] = {"quant_method": "fp8", "weight_block_size": block}
    return config, t

def heads(rows, first, second):
    a, b = [], []
    for at in range(0, len(rows), first + second): a += rows[at:at + first]; b += rows[at + first:at + first + second]
    return a, b

def deepseek_legacy(source, gmm, keep=True):
    norm = (lambda t: t) if keep else float32
    out = legacy_ends(source); out["model.norm_out.weight"] = norm(out["model.norm_out.weight"])
    for l in range(3):
        p = "model.layers.%d." % l; s, a = p + "self_attn.", p + "attention."
        get = lambda name: source[name + ".weight"][1]
        out[a + "q2l_proj.weight"] = source[s + "q_a_proj.weight"]; out[a + "lq_norm.weight"] = norm(source[s + "q_a_layernorm.weight"]); out[a + "lkv_norm.weight"] = norm(source[s + "kv_a_layernorm.weight"])
        nope, pe = heads(get(s + "q_b_proj"), 3, 8); out[a + "l2q_nope_proj.weight"], out[a + "l2q_pe_proj.weight"] = ("BF16", nope), ("BF16", halves(pe, 8))
        kv = get(s + "kv_a_proj_with_mqa"); out[a + "kv2l_latent_kv.weight"], out[a + "kv2l_k_pe.weight"] = ("BF16", kv[:5]), ("BF16", halves(kv[5:], 8))
        k, v = heads(get(s + "kv_b_proj"), 3, 7); out[a + "lkv2kv_k_nope.weight"], out[a + "lkv2kv_v.weight"] = ("BF16", k), ("BF16", v)
        out[a + "wo.weight"] = source[s + "o_proj.weight"]
        out[p + "attention_norm.weight"] = norm(source[p + "input_layernorm.weight"]); out[p + "ffn_norm.weight"] = norm(source[p + "post_attention_layernorm.weight"])
        f = p + "feed_forward."
        if l == 0:
            for w, x in (("w1", "gate"), ("w2", "down"), ("w3", "up")): out[f + w + ".weight"] = source[p + "mlp.%s_proj.weight" % x]
            continue
        for w, x in (("w1", "gate"), ("w2", "down"), ("w3", "up")): out[f + "shared_experts.%s.weight" % w] = source[p + "mlp.shared_experts.%s_proj.weight" % x]
        each = {x: [get(p + "mlp.experts.%d.%s_proj" % (e, x)) for e in range(12)] for x in ("gate", "up", "down")}; r = f + "routed_experts."
        if gmm:
            out[r + "router_dense.weight"] = source[p + "mlp.gate.weight"]; out[r + "topk_bias"] = source[p + "mlp.gate.e_score_correction_bias"]
            out[r + "ffn.w1"] = ("BF16", [transposed(g + u) for g, u in zip(each["gate"], each["up"])]); out[r + "ffn.w2"] = ("BF16", [transposed(x) for x in each["down"]])
        else:
            out[r + "router.dense.weight"] = norm(source[p + "mlp.gate.weight"]); out[r + "router.router.topk_bias"] = source[p + "mlp.gate.e_score_correction_bias"]
            for w, x in (("w1", "gate"), ("w2", "down"), ("w3", "up")): out[r + "ffn.%s.weight" % w] = ("BF16", each[x])
    p = "model.layers.2."
    out["model.mtp_hidden_fusers.0.norm_emb.weight"] = norm(source[p + "enorm.weight"]); out["model.mtp_hidden_fusers.0.norm.weight"] = norm(source[p + "hnorm.weight"])
    out["model.mtp_hidden_fusers.0.dense.weight"] = source[p + "eh_proj.weight"]; out["model.mtp_norms.0.weight"] = norm(source[p + "shared_head.norm.weight"])
    return out

def deepseek_mcore(source):
    out = mcore_ends(source)
    for l in range(3):
        p, q = "model.layers.%d." % l, "decoder.layers.%d." % l if l < 2 else "mtp.layers.0.transformer_layer."
        for x, y in (("q_a_proj", "linear_q_down_proj"), ("q_b_proj", "linear_q_up_proj"), ("kv_a_proj_with_mqa", "linear_kv_down_proj"), ("kv_b_proj", "linear_kv_up_proj"), ("o_proj", "linear_proj"),
                     ("q_a_layernorm", "q_layernorm"), ("kv_a_layernorm", "kv_layernorm")): out[q + "self_attention." + y + ".weight"] = source[p + "self_attn." + x + ".weight"]
        out[q + "input_layernorm.weight"] = source[p + "input_layernorm.weight"]; out[q + "pre_mlp_layernorm.weight"] = source[p + "post_attention_layernorm.weight"]
        if l == 0: mcore_mlp(source, out, p + "mlp.", q + "mlp.", False); continue
        mcore_mlp(source, out, p + "mlp.shared_experts.", q + "mlp.shared_experts.", False)
        mcore_experts(source, out, p + "mlp.", q + "mlp.", 12); out[q + "mlp.router.expert_bias"] = source[p + "mlp.gate.e_score_correction_bias"]
    for x in ("enorm", "hnorm", "eh_proj"): out["mtp.layers.0.%s.weight" % x] = source["model.layers.2.%s.weight" % x]
    out["mtp.layers.0.final_layernorm.weight"] = source["model.layers.2.shared_head.norm.weight"]
    return out

def e4m3(code):
    exponent, mantissa = code >> 3 & 15, code & 7
    value = mantissa * 2.0 ** -9 if exponent == 0 else (8 + mantissa) * 2.0 ** (exponent - 10)
    return -value if code & 128 else value
def bfloat16(x):  # products of 4 bits and a power of two are exact
    bits = struct.unpack("<I", struct.pack("<f", x))[0]; assert bits & 0xffff == 0
    return struct.pack("<H", bits >> 16)

def dequantized(source, block):
    out = {}
    for name, (kind, value) in source.items():
        if name.endswith("_scale_inv"): continue
        if kind != "F8_E4M3": out[name] = (kind, value); continue
        scale = [[struct.unpack("<f", s)[0] for s in row] for row in source[name + "_scale_inv"][1]]
        out[name] = ("BF16", [[bfloat16(e4m3(e[0]) * scale[r // block[0]][c // block[1]]) for c, e in enumerate(row)] for r, row in enumerate(value)])
    return out

def deepseek_cases():
    config, source = deepseek()
    for gmm in (True, False):
        flags = ["--use_grouped_gemm", str(gmm)]
        compare("deepseek gmm %s" % gmm, "deepseek", config, source, deepseek_legacy(source, gmm), flags)
        compare("deepseek types %s" % gmm, "deepseekv3", config, source, deepseek_legacy(source, gmm, keep=False), flags + ["--dtype", "bf16"], lossless=False)
    compare("deepseek mcore", "deepseek3", config, source, deepseek_mcore(source), ["--target", "mcore"])
    block = [4, 6]; config, source = deepseek("F8_E4M3", block); plain = dequantized(source, block)
    compare("deepseek fp8", "deepseek", config, source, deepseek_legacy(plain, True), [], lossless=False)
    compare("deepseek fp8 mcore", "deepseek", config, source, deepseek_mcore(plain), ["--target", "mcore"], lossless=False)

# ---- files of torch, written without torch: what its pickles name is made up here

torch, torch_utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
class BFloat16Storage: pass
def _rebuild_tensor_v2(): pass
for thing, module in ((BFloat16Storage, torch), (_rebuild_tensor_v2, torch_utils)):
    thing.__module__ = module.__name__; setattr(module, thing.__name__, thing)
sys.modules.update({"torch": torch, "torch._utils": torch_utils})
class Storage:
    def __init__(self, key, data): self.key, self.data = key, data
class Tensor:
    def __init__(self, storage, first, shape, strides): self.parts = (storage, first, tuple(shape), tuple(strides), False, collections.OrderedDict())
    def __reduce__(self): return _rebuild_tensor_v2, self.parts
class TorchPickler(pickle.Pickler):
    def persistent_id(self, thing):
        return ("storage", BFloat16Storage, thing.key, "cpu", len(thing.data) // 2) if isinstance(thing, Storage) else None

def write_torch(path, tensors, stored=None):
    """stored: name -> (bytes of the storage, first element, strides) of tensors that are not row-major."""
    storages, state = [], collections.OrderedDict()
    for n, (_, value) in tensors.items():
        shape = shape_of(value); steps = [1] * len(shape)
        for d in range(len(shape) - 1, 0, -1): steps[d - 1] = steps[d] * shape[d]
        data, first, steps = (stored or {}).get(n, (bytes_of(value), 0, steps))
        storages.append(Storage(str(len(storages)), data)); state[n] = Tensor(storages[-1], first, shape, steps)
    text = io.BytesIO(); TorchPickler(text, 2).dump(state)
    with zipfile.ZipFile(path, "w") as z:
        z.writestr("archive/data.pkl", text.getvalue())
        for x in storages: z.writestr("archive/data/" + x.key, x.data)
        z.writestr("archive/version", "3\n")

def torch_cases():
    config, source = dense(); expected = facts(legacy_dense(source, False)); names = sorted(source)
    with tempfile.TemporaryDirectory() as tmp:
        for count in (1, 2):
            src, out = os.path.join(tmp, "src%d" % count), os.path.join(tmp, "out%d.ckpt" % count); os.makedirs(src)
            json.dump(config, open(os.path.join(src, "config.json"), "w")); weight_map = {}
            for s in range(count):
                file = "pytorch_model.bin" if count == 1 else "pytorch_model-%05d-of-%05d.bin" % (s + 1, count)
                write_torch(os.path.join(src, file), {n: source[n] for n in names[s::count]}); weight_map.update({n: file for n in names[s::count]})
            if count > 1: json.dump({"metadata": {}, "weight_map": weight_map}, open(os.path.join(src, "pytorch_model.bin.index.json"), "w"))
            p = run("--model", "llama", "--input_path", src, "--output_path", out, "--verify")
            check("torch files %d" % count, p.returncode == 0 and tensors_of(out) == expected, p.stderr)
        src = os.path.join(tmp, "turned"); os.makedirs(src); json.dump(config, open(os.path.join(src, "config.json"), "w"))
        head, up = (n for n in ("lm_head.weight", "model.layers.0.mlp.up_proj.weight"))
        items = lambda n: [[bytes_of(source[n][1])[2 * (r * c[1] + k):][:2] for k in range(c[1])] for c in [shape_of(source[n][1])] for r in range(c[0])]
        turned = b"".join(row[k] for k in range(len(items(head)[0])) for row in items(head))  # a transpose is stored
        wide = b"junk" + b"".join(b"".join(row) + b"gap..." for row in items(up))  # columns of a wider matrix are stored
        stored = {head: (turned, 0, [1, len(items(head))]), up: (wide, 2, [len(items(up)[0]) + 3, 1])}
        write_torch(os.path.join(src, "pytorch_model.bin"), source, stored)
        for more in ([], ["--workers", 1, "--memory", "1MB"]):
            out = os.path.join(tmp, "turned%d.ckpt" % len(more)); p = run("--model", "llama", "--input_path", src, "--output_path", out, "--verify", *more)
            check("torch strides", p.returncode == 0 and tensors_of(out) == expected, p.stderr)
        write_torch(os.path.join(src, "pytorch_model.bin"), {**source, "x": ("BF16", [[b"\0\0"] * 300] * 300)}, {"x": (bytes(2 * 90000), 0, [1, 300])})
        p = run("--model", "llama", "--input_path", src, "--output_path", os.path.join(tmp, "no.ckpt"))
        check("torch strides, too many runs", p.returncode == 1 and "'x'" in p.stderr and "90000 runs" in p.stderr and not os.path.exists(os.path.join(tmp, "no.ckpt")), p.stderr)

def meta_cases():
    n, m, d, h, i, v, layers = 4, 2, 8, 32, 14, 30, 2
    for embedding in ("rows", "columns"):
        whole = {"tok_embeddings.weight": matrix(v, h), "norm.weight": vector(h), "output.weight": matrix(v, h), "rope.freqs": vector(4)}
        for l in range(layers):
            p = "layers.%d." % l
            for x, rows, columns in (("attention.wq", n * d, h), ("attention.wk", m * d, h), ("attention.wv", m * d, h), ("attention.wo", h, n * d), ("feed_forward.w1", i, h), ("feed_forward.w3", i, h), ("feed_forward.w2", h, i)):
                whole[p + x + ".weight"] = matrix(rows, columns)
            whole[p + "attention_norm.weight"], whole[p + "ffn_norm.weight"] = vector(h), vector(h)
        cut = lambda name: None if "norm" in name or "rope" in name else 1 if ".wo." in name or ".w2." in name or (name.startswith("tok") and embedding == "columns") else 0
        def part(name, s):
            kind, rows = whole[name]
            if cut(name) is None: return kind, rows
            if cut(name) == 0: return kind, rows[s * len(rows) // 2:(s + 1) * len(rows) // 2]
            return kind, [r[s * len(r) // 2:(s + 1) * len(r) // 2] for r in rows]
        for keep in (False, True):
            expected = {"model.tok_embeddings.embedding_weight": whole["tok_embeddings.weight"], "model.norm_out.weight": whole["norm.weight"], "lm_head.weight": whole["output.weight"]}
            for name, t in whole.items():
                if not name.startswith("layers."): continue
                turn = not keep and (".wq." in name or ".wk." in name)
                expected["model." + name] = (t[0], halves(t[1], d)) if turn else t
            with tempfile.TemporaryDirectory() as tmp:
                src, out = os.path.join(tmp, "src"), os.path.join(tmp, "out.ckpt"); os.makedirs(src)
                json.dump({"dim": h, "n_heads": n, "n_kv_heads": m, "n_layers": layers, "multiple_of": 8, "vocab_size": -1, "norm_eps": 1e-5}, open(os.path.join(src, "params.json"), "w"))
                for s in range(2): write_torch(os.path.join(src, "consolidated.%02d.pth" % s), {name: part(name, s) for name in whole})
                p = run("--model", "llama", "--input_path", src, "--output_path", out, "--verify", "--meta_rope", "keep" if keep else "hf")
                made = tensors_of(out) if p.returncode == 0 else {}
                check("meta %s %s" % (embedding, keep), made == facts(expected), p.stderr + str(different(made, facts(expected))))

def rank_cases():
    """Ranks of a strategy in the same pass are those that transform_checkpoint makes of the complete weights."""
    config, source = dense(n=4, h=24, i=16, v=32)
    with tempfile.TemporaryDirectory() as tmp:
        src, one, two = (os.path.join(tmp, x) for x in ("src", "one", "two")); write(src, config, source)
        layouts = {}
        for name, (_, value) in legacy_dense(source, False).items():
            rows = 0 if len(shape_of(value)) == 2 and not name.endswith(("wo.weight", "w2.weight")) else -1
            columns = 0 if name.endswith(("wo.weight", "w2.weight")) else -1
            layouts[name] = {"dev_matrix": [2, 2], "field": 0, "opt_weight_shard_size": -1 if rows == 0 else 0, "opt_weight_shard_step": 2 if rows == 0 else 0,
                             "tensor_map": [rows, columns][:len(shape_of(value))], "tensor_shape": shape_of(value)}
        plan = os.path.join(tmp, "strategy.json")
        json.dump({"current_stage": 1, "parallel_layout_item": layouts, "parallel_strategy_item": {}}, open(plan, "w"))
        p = run("--model", "llama", "--input_path", src, "--output_path", os.path.join(one, "full.ckpt"))
        q = subprocess.run([os.path.join(BIN, "transform_checkpoint"), "--src_checkpoint", os.path.join(one, "full.ckpt"), "--dst_strategy", plan, "--dst_checkpoint_dir", os.path.join(one, "ranks")], capture_output=True, text=True)
        r = run("--model", "llama", "--input_path", src, "--output_path", two, "--dst_strategy", plan, "--verify")
        if p.returncode or q.returncode or r.returncode: return check("ranks", False, p.stderr + q.stderr + r.stderr)
        for rank in range(4):
            a, b = (tensors_of(os.path.join(d, "rank_%d" % rank)) for d in (os.path.join(one, "ranks"), two))
            check("rank %d" % rank, a == b and len(a) > 0, different(a, b))
        back = os.path.join(tmp, "back")
        p = run("--model", "llama", "--reversed", "--input_path", two, "--src_strategy", plan, "--config", os.path.join(src, "config.json"), "--output_path", back)
        check("ranks reversed", p.returncode == 0 and tensors_of(back) == facts(source), p.stderr)

# ---- what must be refused

def refused(name, words, change, flags=(), model="llama", make=dense):
    if WORD not in name: return
    with tempfile.TemporaryDirectory() as tmp:
        config, source = make(); src, out = os.path.join(tmp, "src"), os.path.join(tmp, "out", "x.ckpt")
        change(config, source, src) if change.__code__.co_argcount == 3 else change(config, source)
        if not os.path.exists(src): write(src, config, source)
        p = run("--model", model, "--input_path", src, "--output_path", out, *flags)
        check(name, p.returncode == 1 and all(w in p.stderr for w in words) and not files_below(os.path.join(tmp, "out")), "%d %s" % (p.returncode, p.stderr))

def moved_index(config, source, src):
    write(src, config, source); path = os.path.join(src, "model.safetensors.index.json"); index = json.load(open(path))
    index["weight_map"]["lm_head.weight"] = "../" + index["weight_map"]["lm_head.weight"]; json.dump(index, open(path, "w"))

def error_cases():
    refused("missing", ["model.layers.1.self_attn.k_proj.weight", "missing"], lambda c, s: s.pop("model.layers.1.self_attn.k_proj.weight"))
    refused("unknown", ["model.layers.0.extra", "unknown"], lambda c, s: s.update({"model.layers.0.extra": vector(3)}))
    refused("beyond the layers", ["model.layers.2.mlp.up_proj.weight", "unknown"], lambda c, s: s.update({"model.layers.2.mlp.up_proj.weight": matrix(14, 20)}))
    refused("extent", ["model.layers.0.mlp.up_proj.weight", "intermediate_size 14", "(13, 20)"], lambda c, s: s.update({"model.layers.0.mlp.up_proj.weight": matrix(13, 20)}))
    refused("ffn_hidden_size", ["--ffn_hidden_size 15", "has shape"], lambda c, s: None, ["--ffn_hidden_size", 15])
    refused("index leaves its folder", ["../model-"], moved_index)
    refused("scale shape", ["q_a_proj.weight_scale_inv", "needs (3, 4)"], lambda c, s: s.update({"model.layers.0.self_attn.q_a_proj.weight_scale_inv": matrix(3, 3, "F32")}), model="deepseek", make=lambda: deepseek("F8_E4M3", [4, 6]))
    refused("scale missing", ["q_a_proj.weight", "no scales"], lambda c, s: s.pop("model.layers.0.self_attn.q_a_proj.weight_scale_inv"), model="deepseek", make=lambda: deepseek("F8_E4M3", [4, 6]))
    refused("overflow", ["lm_head.weight", "infinite"], lambda c, s: s.update({"lm_head.weight": ("BF16", [[b"\x00\x7f"] * 20] * 31)}), ["--dtype", "fp16", "--strict_overflow"])
    p = run("--model", "bloom", "--input_path", "x", "--output_path", "y"); check("unknown family", p.returncode in (1, 2) and "mixtral" in p.stderr, p.stderr)
    p = run("--model", "llama", "--input_path", "x"); check("usage", p.returncode == 2)
    p = run("--model", "llama", "--input_path", "x", "--output_path", "y", "--dtype", "int8"); check("usage of types", p.returncode == 2)

root = os.path.join(DATA, "convert")
for name in sorted(os.listdir(root)):
    if os.path.exists(os.path.join(root, name, "case.json")) and WORD in name: real_case(name, os.path.join(root, name))
for cases in (dense_cases, mixtral_cases, glm_cases, deepseek_cases, torch_cases, meta_cases, rank_cases, error_cases): cases()
print("%d passed, %d failed" % (passed, len(failed)))
sys.exit(1 if failed or not passed else 0)
