#!/usr/bin/env python3
"""Asks layout_calculator about shape:stride layouts and compares with their definition, value by value.

usage: strided_requests_test.py <bin dir> [data dir] [seed [cases]]
"""
import itertools
import json
import random
import subprocess
import sys


# Layouts by their definition: a nested shape and stride, the first mode fastest, the last goes on.

def flat(tree):
    return [leaf for entry in tree for leaf in flat(entry)] if isinstance(tree, list) else [tree]


def count(tree):
    out = 1
    for leaf in flat(tree):
        out *= leaf
    return out


def at(layout, index):
    if index < 0:
        return -at(layout, -index)
    modes = list(zip(flat(layout["shape"]), flat(layout["stride"])))
    out = 0
    for extent, stride in modes[:-1]:
        out += index % extent * stride
        index //= extent
    return out + index * modes[-1][1]


def values(layout):
    return [at(layout, i) for i in range(count(layout["shape"]))]


def modes(layout):
    shape, stride = layout["shape"], layout["stride"]
    return [{"shape": s, "stride": d} for s, d in zip(shape, stride)] \
        if isinstance(shape, list) else [layout]


def make(*layouts):
    return {"shape": [l["shape"] for l in layouts], "stride": [l["stride"] for l in layouts]}


def found(wanted):
    """A flat layout with these values, or None: every extent is tried as that of the first mode, whose
    stride can only be the value at 1, and the values at its multiples must be a layout again."""
    if len(wanted) == 1:
        return {"shape": [1], "stride": [0]}
    for extent in range(2, len(wanted) + 1):
        if len(wanted) % extent == 0 and all(
                value == wanted[i - i % extent] + i % extent * wanted[1] for i, value in enumerate(wanted)):
            above = found(wanted[::extent])
            if above:
                return {"shape": [extent] + above["shape"], "stride": [wanted[1]] + above["stride"]}
    return None


# What the calls ask for, spelled out.

def composed(a, b):
    return [at(a, at(b, i)) for i in range(count(b["shape"]))]


def rest_of(a, cotarget):
    """The numbers to add to a's values to take all below cotarget, up to the end of a whole copy; None if
    a stride is no multiple of what the smaller ones fill."""
    moving = sorted((d, s) for s, d in zip(flat(a["shape"]), flat(a["stride"])) if s > 1 and d != 0)
    filled = 1
    for stride, extent in moving:
        if stride < 0 or stride % filled:
            return None
        filled = stride * extent
    taken, rest = set(), []
    for number in range(-(-cotarget // filled) * filled):
        if number not in taken:
            rest.append(number)
            taken.update(number + v for v in values(a))
    return rest


def longest_right_inverse(a):
    """The size of the longest layout r with a(r(i)) == i and values in the domain."""
    wanted = values(a)

    def extended(shape, stride, length):
        best = length
        for step in range(len(wanted)):
            for extent in range(2, len(wanted) // length + 1):
                r = {"shape": shape + [extent], "stride": stride + [step]}
                if all(at(r, i) < len(wanted) and wanted[at(r, i)] == i for i in range(length * extent)):
                    best = max(best, extended(r["shape"], r["stride"], length * extent))
        return best
    return extended([], [], 1)


def by_position(parts):
    """The values of sum over modes of value(mode, tile + rest), tiles first, the first part fastest.
    parts: per mode (mode layout, tile values, rest values)."""
    tiles = [range(len(tile)) for _, tile, _ in parts]
    rests = [range(len(rest)) for _, _, rest in parts]
    out = []
    for r in itertools.product(*reversed(rests)):
        for t in itertools.product(*reversed(tiles)):
            out.append(sum(at(mode, tile[i] + rest[j])
                           for (mode, tile, rest), i, j in zip(parts, reversed(t), reversed(r))))
    return out


def prefix(tree, before=1):
    out = []
    for entry in tree:
        out.append(prefix(entry, before) if isinstance(entry, list) else before)
        before *= count(entry)
    return out


def divided(shape, by):
    """by is counted off the leaves from the left; None where one divides the other nowhere."""
    out = []
    for leaf in shape:
        if leaf % by and by % leaf:
            return None
        out.append(-(-leaf // by))
        by = -(-by // leaf)
    return out


def coordinate(index, shape):
    if not isinstance(shape, list):
        return index
    out = []
    for entry in shape:
        out.append(coordinate(index % count(entry), entry))
        index //= count(entry)
    return out


# Requests with what is expected: {"layout": values}, {"value": ..} or the name of a rule.

def answer_for(wanted):
    return {"layout": wanted} if found(wanted) else "no_layout_has_this_function"


def random_tree(rng, leaves):
    if leaves == 1:
        return [1, 2, 2, 3, 4, 6][rng.randrange(6)]
    cut = rng.randint(1, leaves - 1)
    tree = [random_tree(rng, cut), random_tree(rng, leaves - cut)]
    return tree if rng.random() < 0.6 else [e for t in tree for e in (t if isinstance(t, list) else [t])]


def like(tree, choose):
    return [like(entry, choose) for entry in tree] if isinstance(tree, list) else choose()


def random_layout(rng, strides, most=48, leaves=3):
    while True:
        shape = random_tree(rng, rng.randint(1, leaves))
        if count(shape) <= most:
            return {"shape": shape, "stride": like(shape, lambda: rng.choice(strides))}


def of_two_modes(rng, strides):
    return make(*(random_layout(rng, strides, 8, 2) for _ in range(2)))


def function_requests(rng):
    some = [0, 1, 1, 2, 3, 4, 6, 8, 12, -1, -2]
    a, b = random_layout(rng, some), random_layout(rng, some, 24)
    yield {"call": "values", "a": a}, {"value": values(a)}
    yield {"call": "size", "a": a}, {"value": count(a["shape"])}
    yield {"call": "cosize", "a": a}, {"value": 1 + sum(
        (s - 1) * abs(d) for s, d in zip(flat(a["shape"]), flat(a["stride"])))}
    yield {"call": "coalesce", "a": a}, {"layout": values(a)}
    yield {"call": "coalesce", "a": a, "profile": [1] * rng.randint(0, len(modes(a)))}, {"layout": values(a)}
    yield {"call": "composition", "a": a, "b": b}, answer_for(composed(a, b))
    if len(modes(a)) > 1:
        first, last = sorted(rng.sample(range(len(modes(a)) + 1), 2))
        yield {"call": "group_modes", "a": a, "range": [first, last]}, {"layout": values(a)}


def complement_requests(rng):
    a = random_layout(rng, [0, 1, 2, 3, 4, 6, 8, 12, 24])
    cotarget = rng.choice([1, 2, 7, 24, 60, 96])
    rest = rest_of(a, cotarget)
    wrong = "stride_is_no_multiple_of_what_lies_below"
    yield {"call": "complement", "a": a, "cotarget": cotarget}, {"layout": rest} if rest else wrong
    rest = rest_of(a, max(values(a)) + 1)
    yield {"call": "complement", "a": a}, {"layout": rest} if rest else wrong


def inverse_requests(rng):
    a = random_layout(rng, [0, 1, 1, 2, 3, 4, 6, 8, -1], 16)
    size = longest_right_inverse(a)
    yield {"call": "right_inverse", "a": a}, \
        lambda r: count(r["shape"]) == size and [at(a, v) for v in values(r)] == list(range(size))
    taken = values(a)
    if len(set(taken)) < len(taken):
        yield {"call": "left_inverse", "a": a}, "layout_is_not_injective"
    else:
        yield {"call": "left_inverse", "a": a}, \
            lambda l: l is None or [at(l, v) for v in taken] == list(range(len(taken)))


def divide_requests(rng):
    a = of_two_modes(rng, [0, 1, 2, 3, 5, 8, -1])
    tiler = [random_layout(rng, [1, 2, 3], 6, 1) for _ in range(2)]
    rests = [rest_of(t, count(m["shape"])) for m, t in zip(modes(a), tiler)]
    by_mode = [composed(m, t) for m, t in zip(modes(a), tiler)]
    wanted = [x + y for y in by_mode[1] for x in by_mode[0]]
    yield {"call": "composition", "a": a, "tiler": tiler}, answer_for(wanted)
    if None in rests:
        return
    parts = [(m, values(t), r) for m, t, r in zip(modes(a), tiler, rests)]
    for call in ("zipped_divide", "tiled_divide", "flat_divide"):
        yield {"call": call, "a": a, "tiler": tiler}, answer_for(by_position(parts))
    each = [by_position([part]) for part in parts]
    wanted = [x + y for y in each[1] for x in each[0]]
    yield {"call": "logical_divide", "a": a, "tiler": tiler}, answer_for(wanted)
    whole, rest = tiler[0], rest_of(tiler[0], count(a["shape"]))
    yield {"call": "logical_divide", "a": a, "b": whole}, \
        answer_for(by_position([(a, values(whole), rest)]))


def product_requests(rng):
    a, b = of_two_modes(rng, [0, 1, 2, 4, 6]), of_two_modes(rng, [0, 1, 2, 3])
    rest = rest_of(a, count(a["shape"]) * (max(values(b)) + 1))
    calls = ("logical_product", "zipped_product", "tiled_product", "flat_product", "blocked_product",
             "raked_product")
    if rest is None:
        for call in calls:
            yield {"call": call, "a": a, "b": b}, "stride_is_no_multiple_of_what_lies_below"
        return
    copies, block = composed(found(rest), b), values(a)
    wanted = [v + c for c in copies for v in block]
    for call in calls[:4]:
        yield {"call": call, "a": a, "b": b}, answer_for(wanted)
    (m, n), (p, q) = ([count(mode["shape"]) for mode in modes(x)] for x in (a, b))
    yield {"call": "blocked_product", "a": a, "b": b}, answer_for(
        [block[i % m + m * (j % n)] + copies[i // m + p * (j // n)]
         for j in range(n * q) for i in range(m * p)])
    yield {"call": "raked_product", "a": a, "b": b}, answer_for(
        [block[i // p + m * (j // q)] + copies[i % p + p * (j % q)]
         for j in range(n * q) for i in range(m * p)])


def tuple_requests(rng):
    shape = random_tree(rng, rng.randint(2, 4))
    other = like(shape, lambda: rng.randint(-3, 9))
    yield {"call": "product", "args": [shape]}, {"value": count(shape)}
    yield {"call": "inner_product", "args": [shape, other]}, \
        {"value": sum(x * y for x, y in zip(flat(shape), flat(other)))}
    yield {"call": "prefix_product", "args": [shape]}, {"value": prefix(shape)}
    leaves, by = flat(shape), rng.choice([1, 2, 3, 4, 6, 12])
    left = divided(leaves, by)
    yield {"call": "shape_div", "args": [leaves, by]}, {"value": left} if left else "extent_does_not_divide"
    if left and count(leaves) % by == 0:
        yield {"call": "shape_mod", "args": [leaves, by]}, {"value": [x // y for x, y in zip(leaves, left)]}
    yield {"call": "compatible", "args": [count(shape), shape]}, {"value": True}
    yield {"call": "compatible", "args": [[count(e) for e in shape], shape]}, {"value": True}
    yield {"call": "compatible", "args": [shape + [1], shape]}, {"value": False}
    index = rng.randrange(count(shape))
    yield {"call": "idx2crd", "shape": shape, "index": index}, {"value": coordinate(index, shape)}
    yield {"call": "crd2idx", "shape": shape, "coord": coordinate(index, shape)}, {"value": index}
    yield {"call": "crd2idx", "shape": shape, "stride": other, "coord": coordinate(index, shape)}, \
        {"value": at({"shape": shape, "stride": other}, index)}


def order_requests(rng):
    shape = [e for e in flat(random_tree(rng, 3))]
    order = rng.sample(range(10), len(shape))
    stride = [count([s for s, o in zip(shape, order) if o < own]) for own in order]
    ordered = {"shape": shape, "stride": stride}
    yield {"call": "make_ordered_layout", "shape": shape, "order": order}, {"layout": values(ordered)}
    spread = {"shape": shape, "stride": [d * rng.choice([1, 1, 0]) for d in stride]}
    packed = [count([s for s, d in zip(shape, spread["stride"]) if 0 < d < own]) if own else 0
              for own in spread["stride"]]
    yield {"call": "make_layout_like", "a": {"shape": shape, "stride": [7 * d for d in spread["stride"]]}}, \
        {"layout": values({"shape": shape, "stride": packed})}
    n = rng.choice([1, 2, 4])
    compact = {"shape": [8] + shape, "stride": [1] + [8 * d for d in stride]}
    wide = {"shape": [8 // n] + shape, "stride": [1] + [8 // n * d for d in stride]}
    yield {"call": "recast_layout", "a": compact, "old_bits": 8, "new_bits": 8 * n}, {"layout": values(wide)}
    yield {"call": "recast_layout", "a": wide, "old_bits": 8 * n, "new_bits": 8}, {"layout": values(compact)}
    tiles = [rng.randint(1, 3) for _ in shape]
    block = values(ordered)
    target = [s * t for s, t in zip(shape, tiles)]
    wanted = []
    for index in range(count(target)):
        position = coordinate(index, target)
        inner = sum(p % s * step for p, s, step in zip(position, shape, prefix(shape)))
        outer = sum(p // s * step for p, s, step in zip(position, shape, prefix(tiles)))
        wanted.append(block[inner] + len(block) * outer)
    yield {"call": "tile_to_shape", "a": ordered, "target": target}, {"layout": wanted}


def layout(shape, stride):
    return {"shape": shape, "stride": stride}


def fixed_requests():
    big = 1 << 20
    for call, fields, shape, stride in (
            ("composition", {"a": layout([6, 2], [8, 2]), "b": layout([4, 3], [3, 1])}, [[2, 2], 3], [[24, 2], 8]),
            ("composition", {"a": layout([12, [4, 8]], [59, [13, 1]]), "tiler": [3, 8]}, [3, [4, 2]], [59, [13, 1]]),
            ("composition", {"a": layout([2, 3], [2, 1]), "b": layout(6, -1)}, [2, 3], [-2, -1]),
            ("coalesce", {"a": layout([2, [1, 6]], [1, [6, 2]])}, 12, 1),
            ("coalesce", {"a": layout([2, [1, 6]], [1, [6, 2]]), "profile": [None, 1]}, [2, 6], [1, 2]),
            ("complement", {"a": layout(4, 2), "cotarget": 24}, [2, 3], [1, 8]),
            ("complement", {"a": layout(4, 2), "cotarget": [6, 4]}, [2, 3], [1, 8]),
            ("complement", {"a": layout(0, 1), "cotarget": 6}, 6, 1),
            ("left_inverse", {"a": layout([4, 8], [1, 5])}, [5, 8], [1, 4]),
            ("right_inverse", {"a": layout([[2, 2], [2, 4]], [[0, 1], [0, 2]])}, [2, 4], [2, 8]),
            ("right_inverse", {"a": layout([3, 2], [1, 2])}, [2, 2], [1, 3]),
            ("logical_divide", {"a": layout([6, 2, 2], [2, 1, 20]), "b": layout(8, 3)},
             [[2, 2, 2], 3], [[6, 1, 20], 2]),
            ("zipped_divide", {"a": layout([[2, 3], 8], [[1, 2], 6]), "tiler": [[2, 3], 4]},
             [[[2, 3], 4], [[1, 1], 2]], [[[1, 2], 6], [[0, 0], 24]]),
            ("tile_to_shape", {"a": layout([2, 5], [5, 1]), "target": [6, 20], "order": [1, 0]},
             [[2, 3], [5, 4]], [[5, 40], [1, 10]]),
            ("group_modes", {"a": layout([4, 5, 6], [1, 4, 20]), "range": [1, 3]}, [4, [5, 6]], [1, [4, 20]])):
        yield {"call": call, **fields}, lambda l, s=shape, d=stride: l == layout(s, d)
    yield {"call": "composition", "a": layout([big, big], [big, 1]), "b": layout(big * big, 1)}, \
        lambda l: l == layout([big, big], [big, 1])
    yield {"call": "size", "a": layout([big, big], [0, 0])}, {"value": big * big}
    yield {"call": "product", "args": [[[2, 3], 4]]}, {"value": 24}
    yield {"call": "shape_mod", "args": [[6, 2], 4]}, {"value": [2, 2]}
    yield {"call": "idx2crd", "shape": [3, [2, 3]], "index": [1, 5]}, {"value": [1, [1, 2]]}
    yield {"call": "crd2idx", "shape": [3, [2, 3]], "coord": [1, 5]}, {"value": 16}
    yield {"call": "compatible", "args": [layout([4, 6], [1, 4]), [[2, 2], 6]]}, {"value": True}
    a = layout([8, 8], [8, 1])
    for rule, request in (
            ("no_layout_has_this_function", {"call": "composition", "a": a, "b": layout(4, 3)}),
            ("tuples_are_not_congruent", {"call": "values", "a": layout([4, 2], [1, [4]])}),
            ("tuples_are_not_congruent", {"call": "inner_product", "args": [[1, 2], 3]}),
            ("extent_is_negative", {"call": "size", "a": layout([4, -2], [1, 4])}),
            ("integer_overflows", {"call": "size", "a": layout([1 << 62, 2], [0, 0])}),
            ("integer_overflows", {"call": "composition", "a": layout(4, 1 << 40), "b": layout(4, 1 << 40)}),
            ("layout_is_too_large_to_enumerate", {"call": "values", "a": layout(1 << 40, 1)}),
            ("stride_is_negative", {"call": "complement", "a": layout(4, -1)}),
            ("stride_is_no_multiple_of_what_lies_below", {"call": "complement", "a": layout([4, 6], [1, 6])}),
            ("layout_is_not_injective", {"call": "left_inverse", "a": layout([2, 4], [0, 2])}),
            ("tiler_has_too_many_modes", {"call": "zipped_divide", "a": layout(8, 1), "tiler": [2, 2]}),
            ("mode_range_does_not_exist", {"call": "group_modes", "a": a, "range": [1, 3]}),
            ("block_does_not_divide_the_target", {"call": "tile_to_shape", "a": a, "target": [12, 8]}),
            ("index_is_negative", {"call": "idx2crd", "shape": [2, 2], "index": -1}),
            ("element_bits_are_not_positive", {"call": "recast_layout", "a": a, "old_bits": 0, "new_bits": 8}),
            ("too_many_entries", {"call": "product", "args": [[1] * 33]}),
            ("too_many_entries", {"call": "product", "args": json.loads("[" * 90 + "1" + "]" * 90)}),
            ("unknown_request", {"call": "colour", "a": a}),
            ("unknown_request", {"a": a}),
            ("unknown_request", {"call": "values", "a": a, "b": a}),
            ("unknown_request", {"call": "values", "a": {**a, "colour": 1}}),
            ("unknown_request", {"call": "values", "a": {"shape": 4}}),
            ("unknown_request", {"call": "composition", "a": a, "b": a, "tiler": [4]}),
            ("unknown_request", {"call": "values", "a": layout([4, 2.5], [1, 4])}),
            ("unknown_request", {"call": "shape_div", "args": [4]}),
            ("unknown_request", {"call": "group_modes", "a": a, "range": [1]})):
        yield request, rule


def agrees(answer, expected):
    if isinstance(expected, str):
        return answer.get("error", {}).get("name") == expected
    if callable(expected):
        refused = answer.get("error", {}).get("name") == "no_layout_has_this_function"
        return expected(None) if refused else "layout" in answer and expected(answer["layout"])
    if "layout" in expected:
        return "layout" in answer and values(answer["layout"]) == expected["layout"]
    return answer.get("value") == expected["value"]


def main():
    numbers = [int(word) for word in sys.argv[2:] if word.isdigit()]
    seed, cases = numbers + [20245, 200][len(numbers):]
    print("seed", seed)
    rng = random.Random(seed)
    pairs = list(fixed_requests())
    for _ in range(cases):
        for requests in (function_requests, complement_requests, inverse_requests, divide_requests,
                         product_requests, tuple_requests, order_requests):
            pairs += requests(rng)
    lines = [json.dumps({"op": "strided", "id": i, **request}) for i, (request, _) in enumerate(pairs)]
    run = subprocess.run([sys.argv[1] + "/layout_calculator"], input="\n".join(lines) + "\n",
                         capture_output=True, text=True)
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    if run.returncode != 0 or [a.get("id") for a in answers] != list(range(len(pairs))):
        sys.exit("%d requests, %d answers, status %d" % (len(pairs), len(answers), run.returncode))
    wrong = [i for i, (_, expected) in enumerate(pairs) if not agrees(answers[i], expected)]
    for i in wrong[:5]:
        print("request ", lines[i], "\nanswer  ", json.dumps(answers[i]), "\nexpected", pairs[i][1])
    refused = sum("error" in answer for answer in answers)
    print(len(pairs), "requests,", refused, "refused,", len(wrong), "wrong")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
