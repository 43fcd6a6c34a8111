#!/usr/bin/env python3
"""How long convert_weight takes, against `cp -r` of the same folder, and how long it plans a checkpoint of which only the heads are there. PYTHON is an interpreter that has mindformers, mindspore, torch and transformers; its seconds leave the imports out.

  convert.py BIN_DIR WORK_DIR [--mib 2048] [--repeat 5] [--mindformers PYTHON]
  convert.py BIN_DIR WORK_DIR --plan                        the 91,991 tensors of DeepSeek-V3, sparse files, --dry_run"""
import json, os, shutil, statistics, subprocess, sys
from race import Run, llama, options, race, write_hf_folder


MINDFORMERS = """
import resource, sys, time, torch, transformers, mindspore
from mindformers.models.llama.convert_weight import convert_pt_to_ms
begin = time.time()
convert_pt_to_ms(sys.argv[1], sys.argv[2], dtype=mindspore.bfloat16)
print()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, time.time() - begin)
"""


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


flags = options(__doc__)
flags.add_argument("--plan", action="store_true")
flags.add_argument("--mindformers", metavar="PYTHON")
flags = flags.parse_args()
src, out, plan = (os.path.join(flags.work, "convert", name) for name in ("src", "out", "plan.json"))
shutil.rmtree(os.path.dirname(src), ignore_errors=True)
tool = [os.path.join(flags.bin, "convert_weight"), "--input_path", src, "--model"]
if flags.plan:
    config, tensors = deepseek_v3()
    write_hf_folder(src, config, tensors, 5 << 30, sparse=True)
    runs = [Run([*tool, "deepseek", "--output_path", out, "--dry_run", "--memory", "2GB"]) for _ in range(flags.repeat)]
    print("plan of DeepSeek-V3, %d tensors: %.2f s, peak %.0f MiB" % (len(tensors), statistics.median(r.seconds for r in runs), max(r.peak for r in runs)))
else:
    config, tensors = llama(flags.mib)
    write_hf_folder(src, config, tensors, 1 << 29)
    strategy(tensors, plan)
    for title, more in (("one .ckpt", ["--output_path", out + "/x.ckpt"]), ("one .ckpt, fused", ["--output_path", out + "/x.ckpt", "--qkv_concat", "True"]),
                        ("8 ranks", ["--output_path", out, "--dst_strategy", plan]), ("one .ckpt, --dtype fp16", ["--output_path", out + "/x.ckpt", "--dtype", "fp16"])):
        race(title, [*tool, "llama", "--no_sync", *more], ["cp", "-r", src, out], out, flags.repeat)
    if flags.mindformers:
        os.makedirs(out, exist_ok=True)
        done = subprocess.run([flags.mindformers, "-c", MINDFORMERS, os.path.abspath(src), os.path.abspath(out) + "/theirs.ckpt"], cwd=flags.work, capture_output=True, text=True)
        if done.returncode: sys.exit(done.stderr[-2000:])
        peak, seconds = map(float, done.stdout.split()[-2:])
        ours = Run([*tool, "llama", "--no_sync", "--output_path", out + "/x.ckpt", "--quiet"], out)
        print("MindFormers: %.1f s, %.0f MiB; ours %.2f s, %.0f MiB: %.0f times as fast, 1/%.0f of the memory" % (seconds, peak, ours.seconds, ours.peak, seconds / ours.seconds, peak / ours.peak))
shutil.rmtree(os.path.dirname(src))
