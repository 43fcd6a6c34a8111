"""What the scripts of this folder share: competitors that run in turns, and files that are made for them."""
import argparse, json, os, shutil, statistics, struct, subprocess, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "tools"))


def options(doc, mib=2048):
    """BIN_DIR WORK_DIR and the options that all scripts have; more can be added."""
    flags = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("bin", type=os.path.abspath, help="folder of the tools")
    flags.add_argument("work", type=os.path.abspath, help="folder to work in; tmpfs is free of writeback noise")
    flags.add_argument("--mib", type=int, default=mib, help="about so many MiB of elements")
    flags.add_argument("--repeat", type=int, default=5)
    return flags


class Run:
    """One run of a command: seconds, peak memory in MiB, bytes that its system calls read and wrote."""

    def __init__(self, command, out=None):
        if out: shutil.rmtree(out, ignore_errors=True)
        begin, self.peak = time.monotonic(), 0
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # ru_maxrss would also count what this interpreter had when it made the process
        while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
            with open("/proc/%d/status" % process.pid) as file:
                for line in file:
                    if line.startswith("VmHWM:"): self.peak = int(line.split()[1]) / 1024
            time.sleep(0.01)
        self.seconds = time.monotonic() - begin
        with open("/proc/%d/io" % process.pid) as file: counts = dict(line.split(": ") for line in file)
        self.read, self.written = int(counts["rchar"]), int(counts["wchar"])
        status = process.wait()
        if status: sys.exit("failed: " + " ".join(command))


def race(title, ours, rival, out, repeat, rival_name="cp -r"):
    """Runs both commands in turns and prints the median of the ratios of their times. Each makes `out` anew."""
    pairs = [(Run(rival, out), Run(ours, out)) for _ in range(repeat)]
    ratios = sorted(b.seconds / a.seconds for a, b in pairs)
    print("%-56s %5.2f x %s (%.2f to %.2f); %.2f against %.2f s, peak %.0f MiB" % (
        title, statistics.median(ratios), rival_name, ratios[0], ratios[-1], statistics.median(b.seconds for _, b in pairs),
        statistics.median(a.seconds for a, _ in pairs), max(b.peak for _, b in pairs)), flush=True)
    return pairs[-1][1]


ITEM = {"BF16": 2, "F16": 2, "F32": 4, "F8_E4M3": 1}


def bytes_of(dtype, shape):
    size = ITEM[dtype]
    for extent in shape: size *= extent
    return size


def write_safetensors(path, tensors, metadata=None, sparse=False):
    """tensors: (name, dtype, shape). The elements are small finite numbers of either sign, or holes."""
    header, at = {"__metadata__": metadata or {"format": "pt"}}, 0
    for name, dtype, shape in tensors:
        size = bytes_of(dtype, shape)
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        if sparse: return file.truncate(8 + len(text) + at)
        for _, dtype, shape in tensors:
            left, block = bytes_of(dtype, shape), BLOCKS["F32" if dtype == "F32" else "BF16"]
            while left > 0: left -= file.write(block[:left])


BLOCKS = {"BF16": struct.pack("<%dH" % (1 << 18), *(0x3C00 + i * 37 % 256 + (i & 1) * 0x8000 for i in range(1 << 18))),
          "F32": struct.pack("<%df" % (1 << 17), *((i * 37 % 257 - 128) / 4096 for i in range(1 << 17)))}


def write_hf_folder(folder, config, tensors, shard_bytes, sparse=False):
    """Weights as Hugging Face stores them: shards, their index and config.json."""
    shards, filled = [[]], 0
    for tensor in tensors:
        size = bytes_of(*tensor[1:])
        if filled + size > shard_bytes and shards[-1]:
            shards.append([])
            filled = 0
        shards[-1].append(tensor)
        filled += size
    names = ["model-%05d-of-%05d.safetensors" % (k + 1, len(shards)) for k in range(len(shards))]
    for name, shard in zip(names, shards): write_safetensors(os.path.join(folder, name), shard, sparse=sparse)
    with open(os.path.join(folder, "config.json"), "w") as file: json.dump(config, file)
    with open(os.path.join(folder, "model.safetensors.index.json"), "w") as file:
        json.dump({"metadata": {"total_size": sum(bytes_of(*t[1:]) for t in tensors)}, "weight_map": {t[0]: name for name, shard in zip(names, shards) for t in shard}}, file)


def llama(mib, hidden=2048, inner=5632, heads=16, kv_heads=8, head_dim=128, vocabulary=32000):
    """config.json and tensors of a bf16 Llama of about so many MiB."""
    layer = [("input_layernorm", [hidden]), ("self_attn.q_proj", [heads * head_dim, hidden]), ("self_attn.k_proj", [kv_heads * head_dim, hidden]),
             ("self_attn.v_proj", [kv_heads * head_dim, hidden]), ("self_attn.o_proj", [hidden, heads * head_dim]), ("post_attention_layernorm", [hidden]),
             ("mlp.gate_proj", [inner, hidden]), ("mlp.up_proj", [inner, hidden]), ("mlp.down_proj", [hidden, inner])]
    layers = max(1, ((mib << 20) - 2 * bytes_of("BF16", [vocabulary, hidden])) // sum(bytes_of("BF16", shape) for _, shape in layer))
    config = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": hidden, "intermediate_size": inner, "num_hidden_layers": layers,
              "num_attention_heads": heads, "num_key_value_heads": kv_heads, "head_dim": head_dim, "vocab_size": vocabulary, "tie_word_embeddings": False, "torch_dtype": "bfloat16"}
    return config, [("model.embed_tokens.weight", "BF16", [vocabulary, hidden])] + \
        [("model.layers.%d.%s.weight" % (i, name), "BF16", shape) for i in range(layers) for name, shape in layer] + \
        [("model.norm.weight", "BF16", [hidden]), ("lm_head.weight", "BF16", [vocabulary, hidden])]
