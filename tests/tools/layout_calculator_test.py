#!/usr/bin/env python3
"""Feeds layout_calculator with random layouts and compares with a brute force over elements.

usage: layout_calculator_test.py <bin dir> [data dir] [seed [cases]]
"""
import itertools
import json
import random
import subprocess
import sys


def parts_of(indices, count, cut):
    """The index list cut in `count` parts."""
    n = len(indices)
    if isinstance(cut, dict) and "cyclic" in cut:
        block = cut["cyclic"]
        return [[x for i, x in enumerate(indices) if i // block % count == part] for part in range(count)]
    if isinstance(cut, dict) and "sections" in cut:
        out, at = [[] for _ in range(count)], 0
        for size in cut["sections"]:
            for part, piece in enumerate(parts_of(indices[at:at + size], count, "exact")):
                out[part] += piece
            at += size
        return out
    if isinstance(cut, dict):
        ends = list(itertools.accumulate(cut["parts"]))
        return [indices[end - size:end] for end, size in zip(ends, cut["parts"])]
    if cut == "balanced":
        sizes = [n // count + (1 if i < n % count else 0) for i in range(count)]
    else:  # exact is ceil without remainder
        step = -(-n // count)
        sizes = [max(0, min(step, n - i * step)) for i in range(count)]
    out, at = [], 0
    for size in sizes:
        out.append(indices[at:at + size])
        at += size
    return out


def coordinates(sizes, device):
    out = []
    for size in reversed(sizes):
        out.insert(0, device % size)
        device //= size
    return out


def axes_of(entry):
    entry = entry if isinstance(entry, list) else [entry]
    return [] if entry == [-1] else entry


def count_of(sizes):
    out = 1
    for size in sizes:
        out *= size
    return out


def cut_of(layout, dim):
    cut = layout.get("cut", "exact")
    return cut[dim] if isinstance(cut, list) else cut


def held(layout, device):
    """Per dim the list of indices that a device holds."""
    sizes = layout["devices"]
    at = coordinates(sizes, device)
    dims = []
    for dim, extent in enumerate(layout["shape"]):
        indices, axes = list(range(extent)), [len(sizes) - 1 - a for a in axes_of(layout["map"][dim])]
        if cut_of(layout, dim) == "ceil":
            for axis in axes:
                indices = parts_of(indices, sizes[axis], "ceil")[at[axis]]
        elif axes:
            number = 0
            for axis in axes:
                number = number * sizes[axis] + at[axis]
            indices = parts_of(indices, count_of(sizes[a] for a in axes), cut_of(layout, dim))[number]
        dims.append(indices)
    shard = layout.get("optimizer_shard")
    if shard:
        group = [d for d in range(count_of(sizes)) if map_key(layout, d) == map_key(layout, device)]
        pieces = len(group) if shard["pieces"] == -1 else shard["pieces"]
        dim = shard["dim"]
        dims[dim] = parts_of(dims[dim], pieces, shard["cut"])[group.index(device) % pieces]
    return dims


def map_key(layout, device):
    sizes = layout["devices"]
    used = sorted({a for entry in layout["map"] for a in axes_of(entry)})
    return [coordinates(sizes, device)[len(sizes) - 1 - a] for a in used]


def holding_key(layout, device):
    """What tells the parts apart: by position, not by content, so that empty parts differ."""
    key = map_key(layout, device)
    shard = layout.get("optimizer_shard")
    if shard:
        group = [d for d in range(count_of(layout["devices"])) if map_key(layout, d) == key]
        pieces = len(group) if shard["pieces"] == -1 else shard["pieces"]
        key = key + [group.index(device) % pieces]
    return tuple(key)


def random_layout(rng, shape, cuts):
    sizes = [rng.choice([1, 2, 2, 3, 4]) for _ in range(rng.randint(1, 3))]
    free = list(range(len(sizes)))
    rng.shuffle(free)
    entries, per_dim = [], []
    for _ in shape:
        axes = [free.pop() for _ in range(rng.choice([0, 1, 1, 2])) if free]
        entries.append(axes if len(axes) != 1 or rng.random() < 0.5 else axes[0])
        if not axes:
            entries[-1] = rng.choice([-1, [], [-1]])
        per_dim.append(rng.choice(cuts))
    layout = {"devices": sizes, "map": entries, "shape": shape}
    layout["cut"] = per_dim if rng.random() < 0.7 else rng.choice(cuts)
    replicas = count_of(sizes) // count_of(
        sizes[len(sizes) - 1 - a] for e in entries for a in axes_of(e))
    if shape and rng.random() < 0.4:
        pieces = rng.choice([-1] + [n for n in range(1, replicas + 1) if replicas % n == 0])
        layout["optimizer_shard"] = {"pieces": pieces, "dim": rng.randrange(len(shape)),
                                     "cut": rng.choice(cuts)}
    return layout


def legal(layout):
    """Under exact every part divides; n divides the replicas by construction."""
    sizes = layout["devices"]
    for dim, extent in enumerate(layout["shape"]):
        count = count_of(sizes[len(sizes) - 1 - a] for a in axes_of(layout["map"][dim]))
        if cut_of(layout, dim) == "exact" and extent % count:
            return False
    shard = layout.get("optimizer_shard")
    if shard and shard["cut"] == "exact":
        whole = {k: v for k, v in layout.items() if k != "optimizer_shard"}
        group = count_of(sizes) // count_of(
            sizes[len(sizes) - 1 - a] for e in layout["map"] for a in axes_of(e))
        pieces = group if shard["pieces"] == -1 else shard["pieces"]
        return all(len(held(whole, d)[shard["dim"]]) % pieces == 0
                   for d in range(count_of(sizes)))
    return True


def box(dims):
    return [d[0] for d in dims], [len(d) for d in dims]


def expected_slices(layout):
    devices = []
    for device in range(count_of(layout["devices"])):
        dims = held(layout, device)
        pieces = []
        if all(dims):
            offset, extent = box(dims)
            pieces = [{"offset": offset, "extent": extent, "local": [0] * len(dims)}]
        devices.append({"device": device, "shape": [len(d) for d in dims], "pieces": pieces})
    return {"devices": devices}


def expected_replicas(layout):
    groups = {}
    for device in range(count_of(layout["devices"])):
        groups.setdefault(holding_key(layout, device), []).append(device)
    return {"groups": sorted(groups.values())}


def expected_plan(source, target, destinations):
    source_devices = range(count_of(source["devices"]))
    source_dims = [held(source, d) for d in source_devices]
    groups = expected_replicas(source)["groups"]
    transfers, elements, lacking = [], 0, 0
    for device in destinations:
        wanted = held(target, device)
        found = []
        for group in groups:
            server = device if device in group else group[0]
            common = [sorted(set(a) & set(b)) for a, b in zip(source_dims[server], wanted)]
            if not all(common):
                continue
            offset, extent = box(common)
            found.append({
                "source": server, "destination": device,
                "source_offset": [o - d[0] for o, d in zip(offset, source_dims[server])],
                "destination_offset": [o - d[0] for o, d in zip(offset, wanted)],
                "extent": extent})
            elements += count_of(extent) if server != device else 0
        transfers += sorted(found, key=lambda t: t["destination_offset"])
        own = set(itertools.product(*source_dims[device])) if device in source_devices else set()
        lacking += sum(e not in own for e in itertools.product(*wanted))
    return {"transfers": transfers, "elements": elements, "lower_bound": lacking}


def expected_move(target):
    out = []
    for device in range(count_of(target["devices"])):
        values = []
        for element in itertools.product(*held(target, device)):
            at = 0
            for index, extent in zip(element, target["shape"]):
                at = at * extent + index
            values.append(at)
        out.append(values)
    return {"locals": out}


def numbers_on(layout, device):
    """The row-major numbers of the elements of a device, in the order of its storage."""
    out = [0]
    for extent, indices in zip(layout["shape"], held(layout, device)):
        out = [number * extent + index for number in out for index in indices]
    return out


def keeps_most(source, target):
    """What an answer to relabel must be: no permutation of the names keeps more."""
    devices = range(count_of(target["devices"]))
    have = [set(numbers_on(source, d)) if d < count_of(source["devices"]) else set() for d in devices]
    want = [set(numbers_on(target, d)) for d in devices]
    gain = [[len(w & h) for h in have] for w in want]
    best = max(sum(gain[d][name] for d, name in zip(devices, names)) for names in itertools.permutations(devices))
    return lambda answer: (answer.get("kept") == best == sum(gain[d][name] for d, name in enumerate(answer["order"]))
                           and sorted(answer["order"]) == list(devices)
                           and answer["total"] == sum(map(len, want)))


def keeps_elements(layout, shape):
    """What an answer to reshape must be. That reshape.hpp refuses only what cannot be is a test of its own."""
    def check(answer):
        if "error" in answer:
            return answer["error"]["name"] in ("parts_are_no_boxes_of_the_new_shape", "cuts_follow_no_rule_in_the_new_shape",
                                               "digit_is_no_refinement_of_its_axes") \
                or "the protocol cannot state" in answer["error"]["message"]
        other = answer["layout"]
        devices = range(count_of(layout["devices"]))
        return (other["shape"] == shape and count_of(other["devices"]) == len(devices)
                and all(numbers_on(layout, d) == numbers_on(other, d) for d in devices))
    return check


def random_shape(rng, elements):
    shape = []
    while elements > 1:
        shape.append(rng.choice([f for f in range(2, elements + 1) if elements % f == 0]))
        elements //= shape[-1]
    return shape if elements else [0]


def random_requests(rng, cases):
    cuts = ["exact", "ceil", "balanced"]
    for _ in range(cases):
        shape = [rng.choice([0, 1, 2, 3, 5, 6, 8, 12, 12]) for _ in range(rng.choice([0, 1, 2, 2, 3]))]
        source, target = random_layout(rng, shape, cuts), random_layout(rng, shape, cuts)
        if not legal(source):
            yield {"op": "slices", "layout": source}, "dim_does_not_divide_over_its_device_axes"
            continue
        yield {"op": "slices", "layout": source}, expected_slices(source)
        yield {"op": "replicas", "layout": source}, expected_replicas(source)
        shapes = [[len(d) for d in held(source, k)] for k in range(count_of(source["devices"]))]
        cut_only = {k: v for k, v in source.items() if k != "shape"}
        yield {"op": "local_to_global", "layout": cut_only, "shapes": shapes}, {"shape": shape}
        if not legal(target):
            continue
        devices = range(count_of(target["devices"]))
        one = rng.choice(devices)
        pair = {"from": source, "to": target}
        yield {"op": "plan", **pair}, expected_plan(source, target, devices)
        of_one = expected_plan(source, target, [one])
        yield {"op": "plan", "device": one, **pair}, of_one
        needed = sorted({t["source"] for t in of_one["transfers"]})
        yield {"op": "needed", "device": one, **pair}, {"devices": needed}
        yield {"op": "move", "via": "transfers", **pair}, expected_move(target)
        if len(devices) <= 6:  # all permutations of the names
            yield {"op": "relabel", **pair}, keeps_most(source, target)
        other = random_shape(rng, count_of(shape))
        yield {"op": "reshape", "layout": source, "shape": other}, keeps_elements(source, other)


def fixed_requests():
    rows = {"devices": [2, 4], "map": [[1], []], "shape": [512, 1024]}
    yield {"op": "slices", "device": 5, "layout": rows}, {"devices": [
        {"device": 5, "shape": [256, 1024],
         "pieces": [{"offset": [256, 0], "extent": [256, 1024], "local": [0, 0]}]}]}
    yield {"op": "slices", "device": 8, "layout": rows}, "device_does_not_exist"
    yield {"op": "slices", "layout": {**rows, "map": [0, 0]}}, "device_axis_is_used_twice"
    yield {"op": "slices", "layout": {**rows, "map": [2, -1]}}, "device_axis_does_not_exist"
    yield {"op": "slices", "layout": {**rows, "map": [[-1, 0], []]}}, "device_axis_does_not_exist"
    yield {"op": "slices", "layout": {**rows, "map": [0]}}, "map_length_differs_from_rank"
    yield {"op": "slices", "layout": {**rows, "cut": ["ceil"]}}, "map_length_differs_from_rank"
    yield {"op": "slices", "layout": {**rows, "shape": [-1, 4]}}, "extent_is_negative"
    yield {"op": "slices", "layout": {**rows, "optimizer_shard": {"pieces": 3}}}, \
        "optimizer_shard_does_not_divide_the_replicas"
    yield {"op": "slices", "layout": {**rows, "optimizer_shard": {"pieces": 2, "dim": 256}}}, \
        "dim_does_not_exist"
    yield {"op": "plan", "from": rows, "to": {**rows, "shape": [512, 512]}}, "global_shapes_differ"
    for field in ("placement", "colour"):
        yield {"op": "slices", "layout": {**rows, field: []}}, "unknown_request"
    yield {"op": "slices", "layout": rows, "colour": 1}, "unknown_request"
    yield {"op": "reshape", "layout": rows, "shape": [512, 1025]}, "reshape_changes_the_element_count"
    eighths = {**rows, "map": [[1, 0], []]}
    yield {"op": "relabel", "from": {**eighths, "order": [7, 5, 3, 1, 6, 4, 2, 0]}, "to": eighths}, \
        {"order": [7, 5, 3, 1, 6, 4, 2, 0], "kept": 512 * 1024, "total": 512 * 1024}
    yield {"op": "transpose", "from": rows, "to": rows}, "unknown_request"
    yield {"op": "slices", "layout": {**rows, "cut": {"spiral": 2}}}, "unknown_request"
    yield {"op": "slices", "layout": {**rows, "devices": [2.5, 4]}}, "unknown_request"
    yield [1], "unknown_request"
    small = {"devices": [2], "map": [0], "shape": [4]}
    yield {"op": "move", "via": "transfers", "from": small, "to": {**small, "map": [-1]},
           "values": [[1.5, 2], [3, 4]]}, {"locals": [[1.5, 2, 3, 4]] * 2}
    yield {"op": "move", "via": "transfers", "from": small, "to": small, "values": [1]}, \
        "unknown_request"
    halves = {"devices": [2, 2], "map": [0, -1], "shape": [4, 4]}
    whole = {**halves, "map": [-1, -1]}
    layouts = {"a": whole, "b": halves, "c": halves, "d": whole, "e": {**halves, "map": [1, -1]}}
    yield {"op": "keepers", "layouts": layouts, "first_rank": 4}, {"keepers": {
        "4": ["a", "b", "e"], "5": ["b", "d"], "6": ["c", "e"], "7": ["c"]}}
    spread = {"devices": [4, 2], "map": [0, -1], "shape": [16, 8],
              "optimizer_shard": {"pieces": 2, "dim": 0, "cut": "exact"}}
    copies = {"devices": [8], "map": [-1, -1], "shape": [16, 8]}
    for device in range(8):
        yield {"op": "needed", "rule": "mindspore", "device": device, "from": spread,
               "to": copies}, {"devices": list(range(device // 4 * 4, device // 4 * 4 + 4))}
        yield {"op": "needed", "rule": "mindspore", "device": device, "from": copies,
               "to": spread}, {"devices": [device]}


def agrees(answer, expected):
    if callable(expected):
        return expected(answer)
    if isinstance(expected, str):
        return answer.get("error", {}).get("name") == expected
    return answer == expected


def main():
    numbers = [int(word) for word in sys.argv[2:] if word.isdigit()]
    seed, cases = numbers + [20240, 400][len(numbers):]
    print("seed", seed)
    rng = random.Random(seed)
    pairs = list(fixed_requests()) + list(random_requests(rng, cases))
    lines, wanted = [], []
    for number, (request, expected) in enumerate(pairs):
        if isinstance(request, dict):
            request = {"id": number, **request}
            expected = {**expected, "id": number} if isinstance(expected, dict) else expected
        lines.append(json.dumps(request))
        wanted.append(expected)
    lines.append("this is not JSON")
    wanted.append("unknown_request")
    run = subprocess.run([sys.argv[1] + "/layout_calculator"], input="\n".join(lines) + "\n",
                         capture_output=True, text=True)
    answers = run.stdout.splitlines()
    wrong = [i for i, e in enumerate(wanted) if i < len(answers) and not agrees(json.loads(answers[i]), e)]
    for i in wrong[:5]:
        print("request ", lines[i], "\nanswer  ", answers[i], "\nexpected", wanted[i])
    print(len(lines), "requests,", len(answers), "answers,", len(wrong), "wrong, exit", run.returncode)
    helped = subprocess.run([sys.argv[1] + "/layout_calculator", "--help"], capture_output=True, text=True)
    good = not wrong and len(answers) == len(lines) and run.returncode == 0 and "example" in helped.stdout
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
