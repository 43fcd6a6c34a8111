"""A synthetic checkpoint as MindSpore writes it, for benchmarks and for jobs that take long enough to be killed.

make(folder, bytes, ranks, other_ranks) writes folder/src/rank_N/m-1_1.ckpt for `ranks` ranks, and the strategy files folder/s<ranks>.ckpt and
folder/s<other_ranks>.ckpt: bf16 weights and f32 moments, each cut by rows or by columns over all ranks; random bytes, the same in every run."""
import os
import random


def varint(n):
    n &= (1 << 64) - 1
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def field(number, data):
    """A length-delimited protobuf field."""
    return varint(number << 3 | 2) + varint(len(data)) + data


def record_head(name, dims, dtype, size):
    """What precedes the bytes of a tensor in a checkpoint file."""
    tensor = b"".join(b"\x08" + varint(d) for d in dims) + field(2, dtype.encode()) + b"\x1a" + varint(size)
    value = field(1, name.encode()) + b"\x12" + varint(len(tensor) + size) + tensor
    return b"\x0a" + varint(len(value) + size) + value


def write_strategy(path, layouts):
    """layouts: (name, device matrix, tensor map) per parameter."""
    def numbers(values):
        return b"".join(b"\x08" + varint(v) for v in values)
    out = b"\x08\x01" + field(2, field(1, b"MatMul_x") + field(2, b"\x08\x00" + field(2, b"\x08\x01")))
    for name, devices, tensor_map in layouts:
        layout = field(1, numbers(devices)) + field(2, numbers(tensor_map)) + field(3, b"") + field(4, b"")
        out += field(3, field(1, name.encode()) + field(2, layout + b"\x28\x00\x30\x00\x38\x00"))
    with open(path, "wb") as file:
        file.write(out)


def tensors_of(size, rows):
    """(name, shape, type, dim that is cut) until there are `size` bytes; shapes divide by 2, 3, 4, 6, 8 ranks."""
    out, total = [], 0
    while total < size:
        layer = len(out) // 4
        for name, shape, dtype, cut in (("layers.%d.wq", (rows, rows), "BFloat16", 0), ("layers.%d.wo", (rows, rows), "BFloat16", 1),
                                        ("adam_m.layers.%d.wq", (rows, rows // 4), "Float32", 0),
                                        ("adam_m.layers.%d.wo", (rows, rows // 4), "Float32", 1)):
            out.append((name % layer, shape, dtype, cut))
            total += shape[0] * shape[1] * (2 if dtype == "BFloat16" else 4)
    return out, total


def size_of(shape, dtype):
    size = 2 if dtype == "BFloat16" else 4
    for extent in shape:
        size *= extent
    return size


def cut_strategy(path, tensors, ranks):
    """tensors: (name, shape, type, dim that all ranks cut, or None)."""
    write_strategy(path, [(name, [ranks], [0 if d == cut else -1 for d in range(len(shape))]) for name, shape, _, cut in tensors])


def write_ranks(folder, tensors, ranks, sparse=False):
    """Writes folder/rank_N/m-1_1.ckpt; sparse: with holes for elements. Returns how many bytes of elements there are: those that a merge needs, and those in all files."""
    chance, needed, in_all = random.Random(1), 0, 0
    for rank in range(ranks):
        os.makedirs(os.path.join(folder, "rank_%d" % rank), exist_ok=True)
        with open(os.path.join(folder, "rank_%d" % rank, "m-1_1.ckpt"), "wb") as file:
            for name, shape, dtype, cut in tensors:
                local = [n // ranks if d == cut else n for d, n in enumerate(shape)]
                size = size_of(local, dtype)
                file.write(record_head(name, local, dtype, size))
                source = chance if cut is not None else random.Random(name)  # copies are equal
                while size > 0 and not sparse:
                    size -= file.write(source.randbytes(min(size, 1 << 24)))
                file.seek(size, os.SEEK_CUR)
                in_all += size_of(local, dtype)
                needed += size_of(local, dtype) if cut is not None or rank == 0 else 0
            file.truncate(file.tell())
    return needed, in_all


def make(folder, size, ranks, other_ranks, rows=3072):
    """Returns how many bytes of elements there are."""
    tensors, total = tensors_of(size, rows)
    for count in (ranks, other_ranks):
        cut_strategy(os.path.join(folder, "s%d.ckpt" % count), tensors, count)
    write_ranks(os.path.join(folder, "src"), tensors, ranks)
    return total
