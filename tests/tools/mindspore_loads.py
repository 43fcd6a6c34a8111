#!/usr/bin/env python3
"""MindSpore itself loads what transform_checkpoint wrote. On request, not in CI.

  python3 -m venv venv && venv/bin/pip install mindspore==2.10.0 numpy==1.26.4 safetensors==0.7.0
  venv/bin/python tests/tools/mindspore_loads.py BIN_DIR DATA_DIR

Every transform case of DATA_DIR/mindspore is converted; mindspore.load_checkpoint reads each result and the file that MindSpore wrote, and the
two must have the same names, types, shapes and bytes. Prints 'N files loaded, M differ'; exit status 1 if any differs."""
import glob, json, os, subprocess, sys, tempfile
import mindspore
BIN, DATA = (os.path.abspath(p) for p in sys.argv[1:3])


def loaded(path):
    kind = "safetensors" if path.endswith(".safetensors") else "ckpt"
    out = {}
    for name, value in mindspore.load_checkpoint(path, format=kind).items():
        if isinstance(value, str):
            out[name] = value
        else:
            bits = value.view(mindspore.int16) if value.dtype == mindspore.bfloat16 and value.shape else value
            array = (value.float() if bits is value and value.dtype == mindspore.bfloat16 else bits).asnumpy()
            out[name] = (str(value.dtype), tuple(value.shape), array.tobytes())
    return out


def convert(case, folder, out):
    args = case["args"]
    command = [os.path.join(BIN, "transform_checkpoint"), "--src_checkpoint", args["src_checkpoints_dir"], "--dst_checkpoint_dir", out,
               "--prefix", args["ckpt_prefix"], "--quiet"]
    for key, flag in (("src_strategy_file", "--src_strategy"), ("dst_strategy_file", "--dst_strategy")):
        if args.get(key): command += [flag, args[key]]
    subprocess.run(command, cwd=folder, check=True)


def main():
    files = differ = 0
    root = os.path.join(DATA, "mindspore")
    for name in sorted(os.listdir(root)):
        folder = os.path.join(root, name)
        if not os.path.exists(os.path.join(folder, "case.json")): continue
        case = json.load(open(os.path.join(folder, "case.json")))
        if case.get("op") != "transform_checkpoints" or case["status"] != "ok": continue
        with tempfile.TemporaryDirectory() as out:
            convert(case, folder, out)
            for base, _, names in os.walk(out):
                for file in names:
                    path = os.path.join(base, file)
                    files += 1
                    # MindSpore wrote its own format: the stem finds its file, the values must agree
                    stem = os.path.splitext(os.path.join(folder, "expected", os.path.relpath(path, out)))[0]
                    (original,) = glob.glob(stem + ".*")
                    if loaded(path) != loaded(original):
                        differ += 1
                        print(name, os.path.relpath(path, out), "differs")
    print(files, "files loaded,", differ, "differ")
    return 1 if differ or not files else 0


if __name__ == "__main__":
    sys.exit(main())
