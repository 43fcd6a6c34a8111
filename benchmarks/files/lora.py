#!/usr/bin/env python3
"""Merging LoRA adapters: merge_lora against `cp -r` of the base and, on request, PEFT.

  lora.py BIN_DIR WORK_DIR [--mib 2048] [--repeat 5] [--rank 16] [--peft PYTHON] [--files BASE ADAPTER]

A Llama-like bf16 model in shards and an adapter on its seven projections, or these folders. PYTHON is an interpreter that has torch, transformers and peft; its
seconds leave the imports out, and both sides run in turns. At the end one matrix of 8192 x 8192, rank 16."""
import json, os, shutil, subprocess, sys
from statistics import median
from race import Run, llama, options, race, write_hf_folder, write_safetensors

PEFT = """
import resource, sys, time, torch, peft, transformers
begin = time.time()
model = transformers.AutoModelForCausalLM.from_pretrained(sys.argv[1], torch_dtype=torch.bfloat16)
peft.PeftModel.from_pretrained(model, sys.argv[2]).merge_and_unload().save_pretrained(sys.argv[3])
seconds = time.time() - begin
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, seconds)
"""


def write_adapter(folder, tensors, rank):
    """On every matrix of a layer."""
    targets = [(name, shape) for name, _, shape in tensors if "_proj" in name]
    factors = []
    for name, (rows, columns) in targets:
        path = "base_model.model." + name.removesuffix("weight") + "lora_"
        factors += [(path + "A.weight", "F32", [rank, columns]), (path + "B.weight", "F32", [rows, rank])]
    write_safetensors(folder + "/adapter_model.safetensors", factors)
    modules = sorted({name.split(".")[-2] for name, _ in targets})
    with open(folder + "/adapter_config.json", "w") as file: json.dump({"peft_type": "LORA", "r": rank, "lora_alpha": 2 * rank, "target_modules": modules}, file)


flags = options(__doc__)
flags.add_argument("--rank", type=int, default=16)
flags.add_argument("--peft", metavar="PYTHON")
flags.add_argument("--files", nargs=2, metavar=("BASE", "ADAPTER"))
flags = flags.parse_args()
work = os.path.join(flags.work, "lora")
base, adapter = map(os.path.abspath, flags.files or (work + "/base", work + "/adapter"))
out = work + "/out"
command = [os.path.join(flags.bin, "merge_lora"), "--base", base, "--adapter", adapter, "--output", out, "--no_sync", "--quiet"]


def make(config, tensors):
    shutil.rmtree(work, ignore_errors=True)
    write_hf_folder(base, config, tensors, 1 << 29)
    write_adapter(adapter, tensors, flags.rank)


if flags.files: os.makedirs(work, exist_ok=True)
else: make(*llama(flags.mib))
for more in ([], ["--memory", "128MB"], ["--accumulate", "fp64"]):
    race(" ".join(["whole model", *more]), command + more, ["cp", "-r", base, out], out, flags.repeat)
if flags.peft:
    theirs, mine, peak = [], [], 0
    for _ in range(flags.repeat):
        shutil.rmtree(work + "/peft", ignore_errors=True)
        done = subprocess.run([flags.peft, "-c", PEFT, base, adapter, work + "/peft"], capture_output=True, text=True)
        if done.returncode: sys.exit(done.stderr[-2000:])
        memory, seconds = map(float, done.stdout.split()[-2:])
        peak = max(peak, memory)
        theirs.append(seconds)
        mine.append(Run(command, out))
    ratios = [t / m.seconds for t, m in zip(theirs, mine)]
    print("PEFT: %.1f s, %.0f MiB; ours %.2f s, %.0f MiB: %.1f times as fast (%.1f to %.1f), 1/%.0f of the memory" % (
        median(theirs), peak, median(m.seconds for m in mine), max(m.peak for m in mine), median(ratios), min(ratios), max(ratios), peak / max(m.peak for m in mine)))
if flags.files: sys.exit(shutil.rmtree(work))
make({"model_type": "llama"}, [("model.layers.0.self_attn.q_proj.weight", "BF16", [8192, 8192])])
race("8192 x 8192 bf16, files on both sides", command, ["cp", "-r", base, out], out, flags.repeat)
shutil.rmtree(work)
