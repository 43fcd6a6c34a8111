#!/usr/bin/env python3
"""How long convert_weight takes, against cp of the same folder, and how long it plans a checkpoint of which only the heads are there.

  convert.py BIN_DIR WORK_DIR [--mib 2048] [--repeat 5]     WORK_DIR: on the disk or tmpfs to be measured
  convert.py BIN_DIR WORK_DIR --plan                        the 91,991 tensors of DeepSeek-V3, sparse files, --dry_run

Prints one JSON line per scenario: seconds of both (median), their ratio, peak memory of the tool."""
import argparse, json, os, shutil, statistics, struct, subprocess, sys, time

def head(entries, begin=0):
    out = {}
    for name, kind, shape in entries:
        size = {"BF16": 2, "F32": 4, "F8_E4M3": 1}[kind]
        for s in shape: size *= s
        out[name] = {"dtype": kind, "shape": shape, "data_offsets": [begin, begin + size]}; begin += size
    text = json.dumps(out, separators=(",", ":")).encode(); text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text, begin

def write_folder(folder, config, entries, shard_bytes, sparse):
    os.makedirs(folder); json.dump(config, open(os.path.join(folder, "config.json"), "w"))
    shards, filled = [[]], 0
    for e in entries:
        size = head([e])[1]
        if filled + size > shard_bytes and shards[-1]: shards.append([]); filled = 0
        shards[-1].append(e); filled += size
    weight_map, block = {}, os.urandom(1 << 20)
    for s, shard in enumerate(shards):
        file = "model-%05d-of-%05d.safetensors" % (s + 1, len(shards)); begin, size = head(shard)
        with open(os.path.join(folder, file), "wb") as f:
            f.write(begin)
            if sparse: f.truncate(len(begin) + size)
            else:
                for at in range(0, size, len(block)): f.write(block[:min(len(block), size - at)])
        weight_map.update({e[0]: file for e in shard})
    json.dump({"metadata": {}, "weight_map": weight_map}, open(os.path.join(folder, "model.safetensors.index.json"), "w"))

def llama(mib):
    h, i, n, m, d, v = 2048, 5632, 16, 8, 128, 32000
    layer = [("input_layernorm", [h]), ("post_attention_layernorm", [h]), ("self_attn.q_proj", [n * d, h]), ("self_attn.k_proj", [m * d, h]), ("self_attn.v_proj", [m * d, h]), ("self_attn.o_proj", [h, n * d]),
             ("mlp.gate_proj", [i, h]), ("mlp.up_proj", [i, h]), ("mlp.down_proj", [h, i])]
    each = 2 * sum(s[0] * (s[1] if len(s) > 1 else 1) for _, s in layer); layers = max(1, ((mib << 20) - 4 * v * h) // each)
    out = [("model.embed_tokens.weight", "BF16", [v, h])]
    for l in range(layers): out += [("model.layers.%d.%s.weight" % (l, name), "BF16", shape) for name, shape in layer]
    config = {"model_type": "llama", "hidden_size": h, "num_hidden_layers": layers, "num_attention_heads": n, "num_key_value_heads": m, "head_dim": d, "intermediate_size": i, "vocab_size": v, "tie_word_embeddings": False}
    return config, out + [("model.norm.weight", "BF16", [h]), ("lm_head.weight", "BF16", [v, h])]

def deepseek_v3():
    h, v, n, no, ro, vd, qr, kr, i, j, e, layers = 7168, 129280, 128, 128, 64, 128, 1536, 512, 18432, 2048, 256, 61
    out = [("model.embed_tokens.weight", "BF16", [v, h]), ("model.norm.weight", "BF16", [h]), ("lm_head.weight", "BF16", [v, h])]
    def weight(name, rows, columns):
        out.append((name + ".weight", "F8_E4M3", [rows, columns])); out.append((name + ".weight_scale_inv", "F32", [-(-rows // 128), -(-columns // 128)]))
    for l in range(layers + 1):
        p = "model.layers.%d." % l; a = p + "self_attn."
        weight(a + "q_a_proj", qr, h); weight(a + "q_b_proj", n * (no + ro), qr); weight(a + "kv_a_proj_with_mqa", kr + ro, h); weight(a + "kv_b_proj", n * (no + vd), kr); weight(a + "o_proj", h, n * vd)
        out.extend((a + x + ".weight", "BF16", [s]) for x, s in (("q_a_layernorm", qr), ("kv_a_layernorm", kr)))
        out.extend((p + x + ".weight", "BF16", [h]) for x in ("input_layernorm", "post_attention_layernorm"))
        if l < 3: weight(p + "mlp.gate_proj", i, h); weight(p + "mlp.up_proj", i, h); weight(p + "mlp.down_proj", h, i); continue
        out.append((p + "mlp.gate.weight", "BF16", [e, h])); out.append((p + "mlp.gate.e_score_correction_bias", "F32", [e]))
        for m in ["mlp.shared_experts"] + ["mlp.experts.%d" % x for x in range(e)]: weight(p + m + ".gate_proj", j, h); weight(p + m + ".up_proj", j, h); weight(p + m + ".down_proj", h, j)
    p = "model.layers.%d." % layers
    out += [(p + "embed_tokens.weight", "BF16", [v, h]), (p + "shared_head.head.weight", "BF16", [v, h]), (p + "enorm.weight", "BF16", [h]), (p + "hnorm.weight", "BF16", [h]), (p + "shared_head.norm.weight", "BF16", [h]), (p + "eh_proj.weight", "BF16", [h, 2 * h])]
    config = {"model_type": "deepseek_v3", "hidden_size": h, "vocab_size": v, "num_attention_heads": n, "num_key_value_heads": n, "q_lora_rank": qr, "kv_lora_rank": kr, "qk_nope_head_dim": no, "qk_rope_head_dim": ro, "v_head_dim": vd,
              "intermediate_size": i, "moe_intermediate_size": j, "n_routed_experts": e, "num_hidden_layers": layers, "num_nextn_predict_layers": 1, "first_k_dense_replace": 3, "tie_word_embeddings": False,
              "quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}}
    return config, out

def strategy(entries, path):
    """8 ranks: matrices cut by rows or columns, as tensor parallelism does"""
    names = {"embed_tokens.weight": "tok_embeddings.embedding_weight", "self_attn.q_proj": "attention.wq", "self_attn.k_proj": "attention.wk", "self_attn.v_proj": "attention.wv", "self_attn.o_proj": "attention.wo",
             "mlp.gate_proj": "feed_forward.w1", "mlp.down_proj": "feed_forward.w2", "mlp.up_proj": "feed_forward.w3", "post_attention_layernorm": "ffn_norm", "input_layernorm": "attention_norm", "model.norm.": "model.norm_out."}
    layouts = {}
    for name, _, shape in entries:
        for a, b in names.items(): name = name.replace(a, b)
        columns = ".wo." in name or ".w2." in name
        layouts[name] = {"dev_matrix": [8], "field": 0, "opt_weight_shard_size": 0, "opt_weight_shard_step": 0, "tensor_map": [-1] if len(shape) == 1 else [-1, 0] if columns else [0, -1], "tensor_shape": shape}
    json.dump({"current_stage": 1, "parallel_layout_item": layouts, "parallel_strategy_item": {}}, open(path, "w"))

def timed(command, clean):
    clean(); begin = time.monotonic(); p = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    p.stderr.read(); _, status, usage = os.wait4(p.pid, 0)
    if status: sys.exit("failed: %s" % command)
    return time.monotonic() - begin, usage.ru_maxrss / 1024

def main():
    args = argparse.ArgumentParser(); args.add_argument("bin"); args.add_argument("work"); args.add_argument("--mib", type=int, default=2048); args.add_argument("--repeat", type=int, default=5); args.add_argument("--plan", action="store_true")
    o = args.parse_args(); tool = os.path.join(o.bin, "convert_weight"); src, out = os.path.join(o.work, "convert_src"), os.path.join(o.work, "convert_out")
    def clean(): shutil.rmtree(out, ignore_errors=True)
    shutil.rmtree(src, ignore_errors=True)
    if o.plan:
        config, entries = deepseek_v3(); write_folder(src, config, entries, 5 << 30, True)
        runs = [timed([tool, "--model", "deepseek", "--input_path", src, "--output_path", out, "--dry_run", "--memory", "2GB"], clean) for _ in range(o.repeat)]
        print(json.dumps({"scenario": "plan of DeepSeek-V3", "tensors": len(entries), "seconds": statistics.median(r[0] for r in runs), "peak_mib": max(r[1] for r in runs)})); return shutil.rmtree(src)
    config, entries = llama(o.mib); write_folder(src, config, entries, 1 << 29, False); plan = os.path.join(o.work, "convert_strategy.json"); strategy(entries, plan)
    base = [tool, "--model", "llama", "--input_path", src, "--no_sync"]
    for scenario, command in (("one .ckpt", base + ["--output_path", out + "/x.ckpt"]), ("one .ckpt, fused", base + ["--output_path", out + "/x.ckpt", "--qkv_concat", "True"]), ("8 ranks", base + ["--output_path", out, "--dst_strategy", plan]), ("fp16", base + ["--output_path", out + "/x.ckpt", "--dtype", "fp16"])):
        ours, theirs = [], []
        for _ in range(o.repeat): theirs.append(timed(["cp", "-r", src, out], clean)); ours.append(timed(command, clean))
        a, b = (statistics.median(r[0] for r in runs) for runs in (ours, theirs))
        print(json.dumps({"scenario": scenario, "mib": o.mib, "seconds": round(a, 3), "cp_seconds": round(b, 3), "ratio": round(a / b, 2), "peak_mib": round(max(r[1] for r in ours), 1)}))
    clean(); shutil.rmtree(src); os.remove(plan)

main()
