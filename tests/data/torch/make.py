"""Writes the files in this folder with torch.save, expected.json: what torch says is in them, and zip.json: where
Python's zipfile finds the content of each entry: offset, bytes, CRC-32.

    python make.py new     with torch 2.15: everything but old.bin
    python make.py old     with torch 1.13: old.bin (no entry `byteorder`)

`bytes` are the elements row-major, little-endian. Run it in this folder.
"""
import collections
import json
import sys
import warnings
import zipfile

import torch

warnings.filterwarnings("ignore")
NAMES = {torch.bool: "BOOL", torch.int8: "I8", torch.uint8: "U8", torch.int16: "I16", torch.int32: "I32",
         torch.int64: "I64", torch.float16: "F16", torch.bfloat16: "BF16", torch.float32: "F32",
         torch.float64: "F64", torch.complex64: "C64", torch.complex128: "C128"}
for torch_name, name in {"float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2", "float8_e4m3fnuz": "F8_E4M3FNUZ",
                         "float8_e5m2fnuz": "F8_E5M2FNUZ", "float8_e8m0fnu": "F8_E8M0", "uint16": "U16",
                         "uint32": "U32", "uint64": "U64"}.items():
    if hasattr(torch, torch_name):
        NAMES[getattr(torch, torch_name)] = name


def described(name, tensor):
    plain = torch.empty(tensor.shape, dtype=tensor.dtype)
    plain.copy_(tensor.detach())
    content = bytes(plain.reshape(-1).view(torch.uint8).tolist()) if plain.numel() else b""
    return {"name": name, "dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "stride": list(tensor.stride()),
            "offset": tensor.storage_offset(), "contiguous": tensor.is_contiguous(), "bytes": content.hex()}


def flat(tensors, prefix=""):
    for key, value in tensors.items():
        if isinstance(value, dict):
            yield from flat(value, prefix + key + ".")
        else:
            yield described(prefix + key, value)


def every_dtype():
    out = collections.OrderedDict()
    for i, dtype in enumerate([torch.float32, torch.bfloat16, torch.float16, torch.float64, torch.int64, torch.int32,
                               torch.int16, torch.int8, torch.uint8, torch.bool, torch.complex64, torch.complex128]):
        out["dtype." + str(dtype)[6:]] = (torch.arange(6) * (i + 1) - 7).to(dtype).reshape(2, 3)
    out["scalar"] = torch.tensor(2.5)
    out["empty"] = torch.zeros(0)
    out["no rows"] = torch.zeros(3, 0, 2, dtype=torch.int32)
    out["naïve.名"] = torch.ones(1)
    return out


def new_dtypes():
    out = {}
    for name in ["float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu"]:
        out[name] = torch.arange(1, 9).to(torch.float32).to(getattr(torch, name)).reshape(2, 4)
    for name in ["uint16", "uint32", "uint64"]:
        out[name] = torch.arange(5, 11).to(getattr(torch, name)).reshape(3, 2)[1:]
    out["transposed"] = out["float8_e4m3fn"].T
    return out


def views():
    """Strided, shared and tied tensors."""
    base = torch.arange(120, dtype=torch.int32).reshape(4, 5, 6)
    weight = torch.arange(12, dtype=torch.float32).reshape(3, 4) + 0.5
    return {
        "base": base, "transposed": base.transpose(0, 2), "rows": base[1:3], "columns": base[:, :, 2:4],
        "steps": base[::2, 1::3, ::5], "one": base[2, 3, 4], "row": base[3, 4], "column": base[1, :, 3],
        "expanded": torch.arange(3, dtype=torch.int64).reshape(3, 1).expand(3, 4),
        "overlapping": torch.arange(8, dtype=torch.int16).as_strided((4, 5), (1, 1)),
        "odd stride of 1": torch.arange(12, dtype=torch.float32).as_strided((3, 1, 4), (4, 77, 1)),
        "no elements": base[:, 2:2].transpose(0, 2), "tied.weight": weight, "lm_head.weight": weight,
        "tied.transposed": weight.t(), "bf16": torch.arange(10).to(torch.bfloat16)[1::3],
    }


class Tiny(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(5, 4)
        self.norm = torch.nn.LayerNorm(4)
        self.lm_head = torch.nn.Linear(4, 5, bias=False)
        self.lm_head.weight = self.embed.weight

    def forward(self, ids):
        return self.lm_head(self.norm(self.embed(ids)))


def parameters():
    torch.manual_seed(5)
    marked = torch.nn.Parameter(torch.rand(2, 2))
    marked.tensor_model_parallel = True
    tagged = torch.rand(3)
    tagged.tag = "kept by python only"
    return {"plain": torch.nn.Parameter(torch.rand(2, 3)), "frozen": torch.nn.Parameter(torch.rand(2), requires_grad=False),
            "marked": marked, "tagged": tagged}


def write(name, tensors, expected, **options):
    torch.save(tensors, name, **options)
    expected[name] = list(flat(tensors))


def new(expected):
    torch.manual_seed(3)
    tiny = Tiny()
    write("dtypes.bin", every_dtype(), expected)
    write("new_dtypes.bin", new_dtypes(), expected)
    write("views.bin", views(), expected)
    write("state_dict.bin", tiny.state_dict(), expected)
    write("parameters.bin", parameters(), expected)
    write("nested.bin", {"model": {"a": torch.ones(2), "deep": {"b": torch.zeros(1), "c": torch.ones(3)}}}, expected)
    for protocol in [3, 4, 5]:
        write(f"protocol_{protocol}.bin", views(), expected, pickle_protocol=protocol)
    torch.save({f"layers.{i}.weight": torch.tensor(float(i)) for i in range(1001)}, "many.bin")  # several SETITEMS
    write("wide.bin", {"stride of 33 bits": torch.ones(2).as_strided((1, 2), (5_000_000_000, 1))}, expected)

    refused = {
        "err_epoch.bin": {"model": {"a": torch.ones(2)}, "epoch": 3},
        "err_list.bin": [torch.ones(2)], "err_tensor.bin": torch.ones(2), "err_number_key.bin": {"state": {0: torch.ones(2)}},
        "err_sparse.bin": {"s": torch.eye(2).to_sparse()},
        "err_quantized.bin": {"q": torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.quint8)},
        "err_conjugated.bin": {"c": torch.ones(2, dtype=torch.complex64).conj()},
        "err_negated.bin": {"n": torch.ones(2, dtype=torch.complex64).conj().imag},
        "err_bits.bin": {"b": torch.zeros(2, dtype=torch.uint8).view(torch.bits8)},
        "err_float4.bin": {"f": torch.zeros(2, dtype=torch.uint8).view(torch.float4_e2m1fn_x2)},
        "err_meta.bin": {"m": torch.ones(2, device="meta")},
        "err_optimizer.bin": torch.optim.Adam(tiny.parameters()).state_dict(),
        "err_module.bin": tiny,
    }
    for name, content in refused.items():
        torch.save(content, name)
    torch.save({"a": torch.ones(2)}, "err_legacy.bin", _use_new_zipfile_serialization=False)
    torch.jit.script(tiny).save("err_script.bin")


def entries(path):
    out = {}
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            with archive.open(info):
                out[info.filename] = [archive.fp.tell(), info.file_size, info.CRC]
    return out


def main():
    expected = json.load(open("expected.json")) if sys.argv[1] == "old" else {}
    if sys.argv[1] == "old":
        write("old.bin", {**every_dtype(), **{k: v for k, v in views().items() if k != "tied.transposed"}}, expected)
    else:
        new(expected)
    with open("expected.json", "w") as out:
        json.dump(expected, out, separators=(",", ":"))
    with open("zip.json", "w") as out:
        json.dump({name: entries(name) for name in [*expected, "many.bin"]}, out, separators=(",", ":"))


main()
