#!/usr/bin/env python3
"""Merging LoRA adapters: merge_lora against `cp -r` and, where it is installed, PEFT.

  lora.py BIN_DIR [--size MIB] [--rank R] [--dir DIR]

Writes a Llama-like bf16 model of about that size in four shards and an adapter on its seven projections below DIR (default /dev/shm), then
runs each competitor three times and prints the least: seconds, and for programs of ours the peak memory. PEFT's seconds leave its imports out."""
import argparse, json, os, resource, shutil, struct, subprocess, sys, tempfile, time

LAYERS = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")
PEFT = """
import sys, time, torch, peft, transformers
begin = time.time()
model = transformers.AutoModelForCausalLM.from_pretrained(sys.argv[1], torch_dtype=torch.bfloat16)
peft.PeftModel.from_pretrained(model, sys.argv[2]).merge_and_unload().save_pretrained(sys.argv[3])
print(time.time() - begin)
"""

def write_safetensors(path, shapes, dtype):
    item, header, at = {"BF16": 2, "F32": 4}[dtype], {"__metadata__": {"format": "pt"}}, 0
    for name, shape in shapes.items():
        size = shape[0] * (shape[1] if len(shape) > 1 else 1) * item
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + size]}; at += size
    text = json.dumps(header).encode(); text += b" " * (-len(text) % 8)
    # small finite numbers of either sign, other ones in every block
    block = b"".join(struct.pack("<H", 0x3C00 + i * 37 % 256 + (i & 1) * 0x8000) if dtype == "BF16" else struct.pack("<f", (i * 37 % 256 - 128) / 4096) for i in range(1 << 16))
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        while at > 0: f.write(block[:at]); at -= min(at, len(block))

def shape_bytes(shape): return 2 * shape[0] * (shape[1] if len(shape) > 1 else 1)

def make_model(folder, mib, hidden, rank):
    inner, vocabulary = hidden * 11 // 4, 32000
    def shape(module): return {"gate_proj": [inner, hidden], "up_proj": [inner, hidden], "down_proj": [hidden, inner]}.get(module[4:], [hidden, hidden])
    layer = sum(s[0] * s[1] for s in map(shape, LAYERS)) * 2
    layers = max(4, ((mib << 20) - 4 * vocabulary * hidden) // layer)
    base, adapter, shards = folder + "/base", folder + "/adapter", [{} for _ in range(4)]
    for i in range(layers):
        into = shards[i * 4 // layers]
        for m in LAYERS: into["model.layers.%d.%s.weight" % (i, m)] = shape(m)
        for m in ("input_layernorm", "post_attention_layernorm"): into["model.layers.%d.%s.weight" % (i, m)] = [hidden]
    shards[0]["model.embed_tokens.weight"] = shards[3]["lm_head.weight"] = [vocabulary, hidden]; shards[3]["model.norm.weight"] = [hidden]
    os.makedirs(base); os.makedirs(adapter)
    names = ["model-0000%d-of-00004.safetensors" % (k + 1) for k in range(4)]
    for name, shapes in zip(names, shards): write_safetensors(base + "/" + name, shapes, "BF16")
    total = sum(shape_bytes(s) for shapes in shards for s in shapes.values())
    json.dump({"metadata": {"total_size": total}, "weight_map": {t: n for n, s in zip(names, shards) for t in s}}, open(base + "/model.safetensors.index.json", "w"))
    json.dump({"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": hidden, "intermediate_size": inner, "num_hidden_layers": layers,
               "num_attention_heads": hidden // 64, "num_key_value_heads": hidden // 64, "vocab_size": vocabulary, "tie_word_embeddings": False, "torch_dtype": "bfloat16"}, open(base + "/config.json", "w"))
    factors = {}
    for i in range(layers):
        for m in LAYERS:
            out, inside = shape(m); path = "base_model.model.model.layers.%d.%s.lora_" % (i, m)
            factors[path + "A.weight"], factors[path + "B.weight"] = [rank, inside], [out, rank]
    write_safetensors(adapter + "/adapter_model.safetensors", factors, "F32")
    json.dump({"peft_type": "LORA", "r": rank, "lora_alpha": 2 * rank, "target_modules": [m.split(".")[1] for m in LAYERS]}, open(adapter + "/adapter_config.json", "w"))
    return base, adapter

def timed(out, command):
    """Least of three runs: seconds, and the peak of the child in MiB."""
    best, peak = float("inf"), 0
    for _ in range(3):
        shutil.rmtree(out, ignore_errors=True)
        begin = time.time()
        p = subprocess.Popen(command, stdout=subprocess.DEVNULL); _, status, usage = os.wait4(p.pid, 0)
        best = min(best, time.time() - begin); peak = max(peak, usage.ru_maxrss >> 10)
        if status: sys.exit("failed: " + " ".join(command))
    return best, peak

def main():
    flags = argparse.ArgumentParser(); flags.add_argument("bin")
    for name, default in (("--size", 2048), ("--rank", 16), ("--hidden", 2048)): flags.add_argument(name, type=int, default=default)
    flags.add_argument("--dir", default="/dev/shm"); flags = flags.parse_args()
    with tempfile.TemporaryDirectory(dir=flags.dir) as tmp:
        base, adapter = make_model(tmp, flags.size, flags.hidden, flags.rank); out = tmp + "/out"
        size = sum(os.path.getsize(os.path.join(base, f)) for f in os.listdir(base))
        copy, _ = timed(out, ["cp", "-r", base, out])
        print("%.0f MiB\ncp -r             %6.2f s" % (size / 2**20, copy))
        merge = [os.path.join(flags.bin, "merge_lora"), "--base", base, "--adapter", adapter, "--output", out, "--no_sync", "--quiet"]
        for extra in ([], ["--memory", "128MB"], ["--accumulate", "fp64"]):
            seconds, peak = timed(out, merge + extra)
            print("merge_lora %-18s %6.2f s, %.2f x cp, peak %d MiB" % (" ".join(extra), seconds, seconds / copy, peak))
        p = subprocess.run([sys.executable, "-c", PEFT, base, adapter, tmp + "/peft"], capture_output=True, text=True)
        print("PEFT              %6.2f s" % float(p.stdout.split()[-1]) if p.returncode == 0 else "PEFT is not installed here")

if __name__ == "__main__": main()
