#!/usr/bin/env python3
"""MindSpore, torch and the reference safetensors package load every file that the tools write. On request, not in CI.

  python3 -m venv venv && venv/bin/pip install mindspore==2.10.0 numpy==1.26.4 safetensors torch
  venv/bin/python tests/tools/loads.py BIN_DIR DATA_DIR [NAME_OF_A_RUNNER]

Runs the case runners of this folder. After every tool that succeeds, each loader reads each file of its output folder, and must give the names,
shapes and bytes that compare_checkpoints.py reads there. A type that a loader does not know is counted, not compared. Prints a line per loader;
exit status 1 if any file is refused or differs."""
import collections
import contextlib
import os
import runpy
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.path.abspath(sys.argv[1])
sys.path.insert(0, HERE)
import compare_checkpoints as reader
import mindspore
import numpy
import safetensors
import safetensors.torch
import torch

OUTPUTS = ("--output_dir", "--dst_checkpoint_dir", "--output", "--dst_ckpt_dir", "--dst_ckpt_path", "--output_path")
SUB_BYTE = {"F4", "F6_E2M3", "F6_E3M2"}
UNKNOWN = {  # types that a loader does not take, as it says itself
    "mindspore": {"Float8E4M3FN", "Float8E5M2", "Complex64", "UInt16", "UInt32", "UInt64", "F8_E8M0", "HiFloat8"} | SUB_BYTE,
    "torch": SUB_BYTE, "safetensors": SUB_BYTE}
loaded, unknown, wrong = collections.Counter(), collections.Counter(), []


def bits(value):
    return value.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes() if value.numel() else b""


def by_torch(path):
    return {name: (tuple(value.shape), bits(value)) for name, value in safetensors.torch.load_file(path).items()}


def by_safetensors(path):
    with safetensors.safe_open(path, framework="pt") as file:
        return {name: (tuple(file.get_tensor(name).shape), bits(file.get_tensor(name))) for name in file.keys()}


def by_mindspore(path):
    out = {}
    for name, value in mindspore.load_checkpoint(path, format="safetensors" if path.endswith(".safetensors") else "ckpt").items():
        if isinstance(value, str): continue
        if value.dtype == mindspore.bfloat16:
            array = (value.float().asnumpy().reshape(-1).view(numpy.uint32) >> 16).astype(numpy.uint16)
        else:
            array = value.asnumpy()
        out[name] = (tuple(value.shape), array.tobytes())
    return out


@contextlib.contextmanager
def real_torch():
    """convert_cases has a torch of its own, to write pickles."""
    other = sys.modules.get("torch")
    sys.modules["torch"] = torch
    try:
        yield
    finally:
        sys.modules["torch"] = other


def check(path):
    try:
        ours = {t.name: t for t in reader.load(path)[0] if t.dtype != "str"}
    except reader.Bad as e:
        if not any(kind in str(e) for kind in SUB_BYTE): raise
        return unknown.update(list(UNKNOWN))
    loaders = {"mindspore": by_mindspore}
    if path.endswith(".safetensors"): loaders.update(torch=by_torch, safetensors=by_safetensors)
    for loader, load in loaders.items():
        if any(t.dtype in UNKNOWN[loader] for t in ours.values()) or not ours:
            unknown[loader] += 1
            continue
        try:
            with real_torch():
                theirs = load(path)
        except Exception as e:
            wrong.append("%s refuses %s: %s" % (loader, path, str(e).splitlines()[:1]))
            continue
        loaded[loader] += 1
        # MindSpore gives names of the safetensors header only; 0-d tensors of a .ckpt have dims [0] there
        want = {n: (() if t.shape == [0] and t.nbytes() else tuple(t.shape), t.data()) for n, t in ours.items()}
        if theirs != want:
            differing = [n for n in sorted(set(theirs) | set(want)) if theirs.get(n) != want.get(n)]
            wrong.append("%s differs in %s: %s" % (loader, path, differing[:5]))


def files_of(path):
    if os.path.isfile(path): return [path]
    return [os.path.join(folder, f) for folder, _, names in os.walk(path) for f in names if f.endswith((".ckpt", ".safetensors")) and not f.startswith(".")]


def watched(run):
    def run_and_check(command, *args, **how):
        done = run(command, *args, **how)
        if done.returncode == 0 and isinstance(command, list):
            for flag, value in zip(command, command[1:]):
                if flag in OUTPUTS and "--dry_run" not in command:
                    for path in files_of(os.path.join(how.get("cwd") or ".", value)): check(path)
        return done
    return run_and_check


def main():
    runners = [r for r in ("mindspore", "safetensors", "lora", "convert") if len(sys.argv) < 4 or sys.argv[3] == r]
    subprocess.run = watched(subprocess.run)
    del sys.argv[3:]
    for runner in runners:
        try:
            runpy.run_path(os.path.join(HERE, runner + "_cases.py"), run_name="__main__")
        except SystemExit as e:
            if e.code: wrong.append("%s_cases failed" % runner)
    for line in wrong: print("WRONG", line)
    for loader in UNKNOWN: print("%s: %d files loaded, %d with types that it does not know" % (loader, loaded[loader], unknown[loader]))
    print(len(wrong), "refused or different")
    return 1 if wrong or not loaded else 0


if __name__ == "__main__":
    sys.exit(main())
