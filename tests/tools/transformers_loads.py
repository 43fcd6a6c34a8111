#!/usr/bin/env python3
"""Models of transformers go to MindSpore's names and back, and still say the same. On request, not in CI.

  python3 -m venv venv && venv/bin/pip install mindspore==2.10.0 numpy==1.26.4 safetensors torch transformers
  venv/bin/python tests/tools/transformers_loads.py BIN_DIR

Of each family a small model with random weights is saved by transformers, converted by convert_weight, loaded by MindSpore (names, shapes and bytes as
the file has them), converted back, and loaded by transformers: without missing or unexpected keys, with equal weights and equal logits. Exit status 1
if anything differs."""
import os
import subprocess
import sys
import tempfile

sys.argv[2:] = ["."]  # loads takes a data folder too
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import loads
import torch
import transformers

COMMON = dict(vocab_size=96, hidden_size=32, intermediate_size=56, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
              max_position_embeddings=64)
EXPERTS = dict(moe_intermediate_size=24, num_experts_per_tok=2)
MLA = dict(n_routed_experts=12, n_group=2, topk_group=1, n_shared_experts=1, kv_lora_rank=16, q_lora_rank=24, qk_rope_head_dim=8, qk_nope_head_dim=16,
           v_head_dim=16, first_k_dense_replace=1, num_nextn_predict_layers=0)
MODELS = {  # name: configuration, then --model and the flags to be tried
    "llama": (transformers.LlamaConfig(**COMMON), "llama", [[], ["--qkv_concat", "True"], ["--target", "mcore"]]),
    "llama with a tied head": (transformers.LlamaConfig(**COMMON, tie_word_embeddings=True), "llama", [[]]),
    "qwen2": (transformers.Qwen2Config(**COMMON), "qwen", [[], ["--qkv_concat", "True"]]),
    "qwen3": (transformers.Qwen3Config(**COMMON, head_dim=16), "qwen3", [[]]),
    "qwen3_moe": (transformers.Qwen3MoeConfig(**COMMON, **EXPERTS, head_dim=16, num_experts=12), "qwen3_moe", [[], ["--use_grouped_gemm", "True"]]),
    "qwen2_moe": (transformers.Qwen2MoeConfig(**COMMON, **EXPERTS, num_experts=12, shared_expert_intermediate_size=40), "qwen2_moe", [[]]),
    "mixtral": (transformers.MixtralConfig(**COMMON, num_local_experts=12), "mixtral", [[]]),
    "yi, over several files": (transformers.LlamaConfig(**{**COMMON, "num_hidden_layers": 5}), "yi", [["--max_shard_size", "20KB"]]),
    "deepseek_v3": (transformers.DeepseekV3Config(**{**COMMON, "num_key_value_heads": 4}, **EXPERTS, **MLA), "deepseek", [[], ["--target", "mcore"]]),
    "glm": (transformers.GlmConfig(**COMMON, head_dim=8, pad_token_id=0), "glm-n", [[]]),
}
faults = []


def convert(*args):
    done = subprocess.run([os.path.join(loads.BIN, "convert_weight"), *args, "--quiet"], capture_output=True, text=True)
    if done.returncode: raise RuntimeError(" ".join(args) + ": " + done.stderr)


def said(model):
    with torch.no_grad():
        return model.eval()(input_ids=torch.arange(1, 17).reshape(1, 16)).logits


def round_trip(name, config, family, flags, work):
    torch.manual_seed(11)
    hf, ms, back = (os.path.join(work, part) for part in ("hf", "model.ckpt", "back"))
    transformers.AutoModelForCausalLM.from_config(config).to(torch.bfloat16).save_pretrained(hf)
    before = transformers.AutoModelForCausalLM.from_pretrained(hf, dtype=torch.bfloat16)
    facts = os.path.join(hf, "config.json")
    convert("--model", family, "--input_path", hf, "--output_path", ms, "--config", facts, *flags)
    loads.check(ms)
    convert("--model", family, "--reversed", "--input_path", ms, "--output_path", back, "--config", facts, *flags)
    config.save_pretrained(back)
    after, told = transformers.AutoModelForCausalLM.from_pretrained(back, dtype=torch.bfloat16, output_loading_info=True)
    wrong = {key: value for key, value in told.items() if value}
    if wrong: faults.append("%s %s: transformers says %s" % (name, flags, wrong))
    ours, theirs = after.state_dict(), before.state_dict()
    differing = [key for key in sorted(set(ours) | set(theirs)) if key not in ours or key not in theirs or not torch.equal(ours[key], theirs[key])]
    if differing: faults.append("%s %s: weights differ: %s" % (name, flags, differing[:5]))
    if not torch.equal(said(after), said(before)): faults.append("%s %s: the logits differ" % (name, flags))


def main():
    transformers.logging.set_verbosity_error()
    trips = 0
    for name, (config, family, ways) in MODELS.items():
        for flags in ways:
            with tempfile.TemporaryDirectory() as work:
                try:
                    round_trip(name, config, family, flags, work)
                except Exception as e:
                    faults.append("%s %s: %s" % (name, flags, str(e)[:1000]))
                trips += 1
    for line in faults + loads.wrong: print("WRONG", line)
    print("%d round trips by transformers %s, %d files loaded by MindSpore, %d faults" % (trips, transformers.__version__, loads.loaded["mindspore"], len(faults) + len(loads.wrong)))
    return 1 if faults or loads.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
