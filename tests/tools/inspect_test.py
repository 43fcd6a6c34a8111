#!/usr/bin/env python3
"""The tools that look without writing checkpoints: flags, exit status, damaged files.

usage: inspect_test.py <bin dir> <data dir>

Files are written by the few lines below or by MindSpore; nothing is read back with the library. A tool that ends by a signal fails
every test."""
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

BIN, DATA = (os.path.abspath(path) for path in sys.argv[1:3])
MINDSPORE = os.path.join(DATA, "mindspore")
TOOLS = ["checkpoint_inspect", "checkpoint_verify", "convert_container", "layout_calculator", "merge_safetensors", "merge_strategies", "rank_list", "split_safetensors", "transform_checkpoint"]
COMPARE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "compare_checkpoints.py")


def varint(n):
    n &= (1 << 64) - 1
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def record(name, dims, dtype, content):
    tensor = b"".join(varint(8) + varint(dim) for dim in dims) + field(2, dtype.encode()) + field(3, content)
    return field(1, field(1, name.encode()) + field(2, tensor))


def ints(*values):
    return struct.pack("<%di" % len(values), *values)


def layout(devices, tensor_map, step=0, size=0):
    return {"dev_matrix": devices, "tensor_map": tensor_map, "field": 0, "opt_weight_shard_step": step,
            "opt_weight_shard_size": size}


def strategy(stage=0, **layouts):
    return json.dumps({"current_stage": 1, "parallel_strategy_item": {"MatMul": {"stage": stage, "parallel_strategy": [[1]]}},
                       "parallel_layout_item": layouts})


def run(tool, *args):
    done = subprocess.run([os.path.join(BIN, tool), *map(str, args)], capture_output=True, text=True, timeout=60)
    if done.returncode not in (0, 1, 2):
        raise AssertionError("%s %s ended with %d: %s" % (tool, args, done.returncode, done.stderr))
    if done.returncode == 1 and not done.stderr and not done.stdout:
        raise AssertionError("%s %s failed without a word" % (tool, args))
    return done


class ToolTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, content):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as out:
            out.write(content.encode() if isinstance(content, str) else content)
        return self.path(name)

    def fails(self, tool, *args, says=()):
        done = run(tool, *args)
        self.assertEqual(done.returncode, 1, done.stdout)
        for words in says:
            self.assertIn(words, done.stdout + done.stderr)
        return done

    def works(self, tool, *args):
        done = run(tool, *args)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def ranks(self, w=((1, 2), (3, 4)), copies=2, step=(7, 7, 7, 7)):
        """Four ranks: w in halves, held by ranks 0, 2 and 1, 3; step on all; and their strategy."""
        for rank in range(2 * copies):
            self.write("ranks/rank_%d/m.ckpt" % rank, record("w", [2], "Int32", ints(*w[rank % 2])) + record("step", [], "Int32", ints(step[rank])))
        return self.path("ranks"), self.write("strategy.json", strategy(w=layout([copies, 2], [0])))


class Usage(ToolTest):
    def test_help_has_an_example(self):
        for tool in TOOLS:
            with self.subTest(tool):
                text = self.works(tool, "--help")
                self.assertIn("example", text)
                self.assertIn("--help", text)

    def test_wrong_usage_is_status_2(self):
        wrong = {"checkpoint_inspect": [[], ["--unknown", "f"], ["a", "b"], ["f", "--strategy", "s"]],
                 "checkpoint_verify": [[], ["a"], ["a", "b", "c"], ["a", "b", "--strategy"]],
                 "merge_strategies": [[], ["--src_strategy_dirs", "d"], ["--dst_strategy_file", "f"]],
                 "rank_list": [[], ["--rank_id", "x"], ["--rank_id", "0", "--rule", "guess"], ["--rank_id"]],
                 "transform_checkpoint": [["--unknown"], ["--workers", "many"]],
                 "merge_safetensors": [[], ["--output_dir", "o"], ["--output_dir", "o", "--mindspore_ckpt_dir", "d"], ["--output_dir", "o", "--dcp_dir", "d", "--src_strategy_dirs", "s", "--mindspore_ckpt_dir", "d"]],
                 "split_safetensors": [[], ["--src_checkpoint", "f", "--dst_strategy", "s"]],
                 "convert_container": [[], ["--src_checkpoint", "f", "--output_format", "bin"]],
                 "layout_calculator": [["--unknown"]]}
        for tool, lists in wrong.items():
            for args in lists:
                with self.subTest(tool=tool, args=args):
                    done = run(tool, *args)
                    self.assertEqual(done.returncode, 2, done.stdout)
                    self.assertNotEqual(done.stderr, "")


class Inspect(ToolTest):
    def test_tensors_are_those_of_another_reader(self):
        for case in ("save_dtypes", "crc_ckpt"):
            path = os.path.join(MINDSPORE, case, "expected", "m.ckpt")
            ours = [json.loads(line) for line in self.works("checkpoint_inspect", path, "--json", "--hash").splitlines()]
            other = subprocess.run([sys.executable, COMPARE, path], capture_output=True, text=True).stdout.splitlines()
            theirs = [line for line in map(json.loads, other) if "name" in line]
            self.assertGreater(len(ours), 2)
            for a, b in zip(ours, theirs, strict=True):
                self.assertEqual((a["name"], a["dtype"], a["bytes"], a["sha256"]), (b["name"], b["dtype"], b["nbytes"], b["sha256"]))
                self.assertEqual(a["file"], path)

    def test_the_offset_is_where_the_bytes_lie(self):
        content = ints(11, 12, 13)
        path = self.write("m.ckpt", record("a", [1], "Int32", ints(5)) + record("b", [3], "Int32", content))
        line = json.loads(self.works("checkpoint_inspect", path, "--json").splitlines()[1])
        with open(path, "rb") as file:
            self.assertEqual(file.read()[line["offset"]:line["offset"] + line["bytes"]], content)
        self.assertEqual(line["shape"], [3])

    def test_the_text_form_has_a_line_per_tensor(self):
        path = self.write("m.ckpt", record("a", [], "Int64", bytes(8)) + record("b.weight", [2, 2], "Float16", bytes(8)))
        lines = self.works("checkpoint_inspect", path).splitlines()
        self.assertEqual(len(lines), 2)
        for words in ("b.weight", "Float16", "[2,2]"):
            self.assertIn(words, lines[1])

    def test_strategies_of_both_kinds(self):
        for path in ("merge_strategys/src/ckpt_strategy_rank_0.ckpt", "merge_strategys_json/src/ckpt_strategy_rank_0.json"):
            lines = self.works("checkpoint_inspect", os.path.join(MINDSPORE, path), "--json").splitlines()
            self.assertGreater(len(lines), 3)
            for line in map(json.loads, lines):
                self.assertEqual(len(line["tensor_map"]) > 0, True)
                self.assertGreaterEqual(set(line), {"name", "stage", "device_matrix", "opt_weight_shard_step", "opt_weight_shard_size"})

    def test_a_folder_shows_all_ranks(self):
        folder, _ = self.ranks()
        self.write("ranks/rank_x/m.ckpt", b"")
        done = run("checkpoint_inspect", folder, "--json")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(len(done.stdout.splitlines()), 8)
        self.assertIn("rank_x", done.stderr)

    def test_what_is_no_such_file_is_refused(self):
        self.fails("checkpoint_inspect", self.path("none"), says=["none"])
        self.fails("checkpoint_inspect", self.write("f", "hello, wide world"), says=["68 65 6c 6c 6f"])
        self.fails("checkpoint_inspect", self.write("g", ""), says=["empty"])
        for mode in ("aes_gcm", "aes_cbc", "sm4_cbc"):
            self.fails("checkpoint_inspect", os.path.join(MINDSPORE, "enc_" + mode, "expected", "m.ckpt"), says=["encrypted"])

    def test_check_reads_the_checksum(self):
        path = os.path.join(MINDSPORE, "crc_ckpt", "expected", "m.ckpt")
        self.works("checkpoint_inspect", path, "--check")
        with open(path, "rb") as file:
            content = bytearray(file.read())
        content[len(content) - 20] ^= 1  # the last content byte is before the trailer of 17
        damaged = self.write("damaged.ckpt", bytes(content))
        self.works("checkpoint_inspect", damaged)
        self.fails("checkpoint_inspect", damaged, "--check", says=["CRC-32", damaged])

    def test_every_truncation_is_status_1_or_ends_between_tensors(self):
        first = record("a.weight", [3], "Int32", ints(1, 2, 3))
        whole = first + record("step", [], "Int64", bytes(8))
        for n in range(len(whole)):
            path = self.write("m.ckpt", whole[:n])
            done = run("checkpoint_inspect", path)
            self.assertEqual(done.returncode, 0 if n == len(first) else 1, n)
            if done.returncode == 1:
                self.assertIn("error: " + path, done.stderr)

    def test_damaged_bytes_never_end_a_tool_by_a_signal(self):
        rng = random.Random(20261125)
        path = os.path.join(MINDSPORE, "save_dtypes", "expected", "m.ckpt")
        with open(path, "rb") as file:
            whole = file.read()
        for _ in range(60):
            content = bytearray(whole)
            for _ in range(rng.randint(1, 4)):
                content[rng.randrange(len(content))] = rng.randrange(256)
            run("checkpoint_inspect", self.write("m.ckpt", bytes(content)), "--check", "--hash")


class Replicas(ToolTest):
    def test_without_a_strategy_equal_names_are_counted(self):
        folder, _ = self.ranks()
        text = self.works("checkpoint_inspect", folder, "--check")
        self.assertIn("1 names are the same in all ranks that have them", text)
        self.assertIn("1 differ between ranks (give --strategy to tell shards from copies)", text)

    def test_with_a_strategy_copies_agree(self):
        folder, path = self.ranks()
        self.assertIn("2 tensors compared, 0 differ", self.works("checkpoint_inspect", folder, "--check", "--strategy", path))

    def test_with_a_strategy_a_differing_copy_is_status_1(self):
        folder, path = self.ranks()
        self.write("ranks/rank_2/m.ckpt", record("w", [2], "Int32", ints(1, 9)) + record("step", [], "Int32", ints(7)))
        self.fails("checkpoint_inspect", folder, "--check", "--strategy", path, says=["w: element (1)", "rank_2", "1 differ"])
        self.assertIn("1 differ", self.works("checkpoint_inspect", folder, "--check"))
        self.works("checkpoint_inspect", folder)  # nobody asked

    def test_a_name_that_no_strategy_lists_must_agree(self):
        folder, path = self.ranks(step=(7, 7, 8, 7))
        self.fails("checkpoint_inspect", folder, "--check", "--strategy", path, says=["step", "rank_2"])

    def test_json_lines_stay_tensors(self):
        folder, path = self.ranks()
        for more in ([], ["--strategy", path]):
            lines = self.works("checkpoint_inspect", folder, "--check", "--json", *more).splitlines()
            self.assertEqual({json.loads(line)["name"] for line in lines}, {"w", "step"})

    def test_a_file_has_no_replicas(self):
        folder, path = self.ranks()
        self.fails("checkpoint_inspect", os.path.join(folder, "rank_0", "m.ckpt"), "--check", "--strategy", path, says=["no folder"])
        text = self.works("checkpoint_inspect", os.path.join(folder, "rank_0"), "--check")
        self.assertNotIn("replicas", text)

    def test_the_replicas_that_mindspore_wrote_agree(self):
        source = os.path.join(MINDSPORE, "quickstart", "src")
        text = self.works("checkpoint_inspect", source, "--check", "--strategy", os.path.join(source, "strategy"))
        self.assertIn(" 0 differ", text)


class MergeStrategies(ToolTest):
    def merge(self, folder, file):
        return ["--src_strategy_dirs", folder, "--dst_strategy_file", file]

    def test_stages_become_one_file(self):
        for name in ("merge_strategys", "merge_strategys_json"):
            ending = "json" if name.endswith("json") else "ckpt"
            out = self.path("deep", "er", "merged." + ending)
            self.works("merge_strategies", *self.merge(os.path.join(MINDSPORE, name, "src"), out))
            shown = self.works("checkpoint_inspect", out, "--json").replace(out, "")
            expected = os.path.join(MINDSPORE, name, "expected", "merged_ckpt_strategy." + ending)
            wanted = self.works("checkpoint_inspect", expected, "--json").replace(expected, "")
            self.assertEqual(sorted(shown.splitlines()), sorted(wanted.splitlines()))

    def test_a_merged_file_beside_the_others_is_left_out(self):
        self.write("s/a.json", strategy(0, w=layout([2], [0])))
        self.write("s/b.json", strategy(1, v=layout([2], [0])))
        out = self.path("s", "merged.json")
        self.works("merge_strategies", *self.merge(self.path("s"), out))
        again = run("merge_strategies", *self.merge(self.path("s"), out))
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn("merged.json", again.stderr)
        self.assertEqual(len(self.works("checkpoint_inspect", out).splitlines()), 2)

    def test_what_cannot_be_merged_leaves_no_file(self):
        out = self.path("out.json")
        self.fails("merge_strategies", *self.merge(self.path("none"), out), says=["none"])
        os.makedirs(self.path("empty"))
        self.fails("merge_strategies", *self.merge(self.path("empty"), out), says=["no strategy"])
        self.write("both/a.json", strategy(w=layout([2], [0])))
        self.write("both/b.ckpt", b"\x08\x01")
        self.fails("merge_strategies", *self.merge(self.path("both"), out), says=["both kinds"])
        self.write("one/a.json", strategy(w=layout([2], [0])))
        self.write("one/b.json", strategy(w=layout([2], [-1])))
        self.fails("merge_strategies", *self.merge(self.path("one"), out), says=["'w'", "b.json"])
        self.fails("merge_strategies", *self.merge(self.path("one", "a.json"), out))
        self.assertFalse(os.path.exists(out))

    def test_every_truncation_of_a_strategy_is_status_1(self):
        golden = bytes.fromhex("0801121a0a084d61744d756c5f77120e08001204080108011204080108021a2d0a017712280a0408040802120d08ff"
                               "ffffffffffffffff0108001a0022002800300238ffffffffffffffffff01")
        out = self.path("out.ckpt")
        for n in range(len(golden)):
            path = self.write("s/s.ckpt", golden[:n])
            self.fails("merge_strategies", *self.merge(self.path("s"), out), says=["error: " + path])
            self.assertFalse(os.path.exists(out))
        self.write("s/s.ckpt", golden)
        self.works("merge_strategies", *self.merge(self.path("s"), out))


class RankList(ToolTest):
    def ask(self, rank, source=None, destination=None, *more):
        flags = ["--rank_id", rank, *more]
        flags += ["--src_strategy", source] if source else []
        return flags + (["--dst_strategy", destination] if destination else [])

    def test_the_ranks_that_are_needed(self):
        rows = self.write("rows.json", strategy(w=layout([2, 2], [0])))
        four = self.write("four.json", strategy(w=layout([4], [0])))
        self.assertEqual(self.works("rank_list", *self.ask(0, rows)).split(), ["0", "1"])
        self.assertEqual(self.works("rank_list", *self.ask(0, rows, None, "--rule", "mindspore")).split(), ["1", "0"])
        self.assertEqual(self.works("rank_list", *self.ask(3, rows, four)).split(), ["3"])  # 1 holds the same
        self.assertEqual(self.works("rank_list", *self.ask(2, None, four)).split(), ["0"])
        self.assertEqual(self.works("rank_list", *self.ask(2, "None", four)).split(), ["0"])

    def test_ranks_that_are_none(self):
        rows = self.write("rows.json", strategy(w=layout([2, 2], [0])))
        for rank in (4, -1, 1 << 40):
            self.fails("rank_list", *self.ask(rank, rows, rows), says=["device %d does not exist" % rank])
        self.fails("rank_list", *self.ask(0, self.path("none"), rows), says=["none"])
        self.fails("rank_list", *self.ask(0, rows, self.write("bad.json", "{}")), says=["bad.json"])
        folder, _ = self.ranks()
        self.fails("rank_list", *self.ask(0, os.path.join(folder, "rank_0", "m.ckpt"), rows))

    def test_damaged_json_is_status_1(self):
        text = strategy(w=layout([2, 2], [0]))
        for n in range(0, len(text), 3):
            path = self.write("s.json", text[:n])
            self.fails("rank_list", *self.ask(0, path), says=["error: " + path])

    def test_hostile_strategies_are_status_1(self):
        for devices, tensor_map in (([1 << 31, 1 << 31], [0]), ([0], [0]), ([-2], [0]), ([2], [5]), ([2] * 17, [0]), ([2], [-2]),
                                    ([1 << 62], [0]), ([2], [0] * 9)):
            path = self.write("s.json", strategy(w=layout(devices, tensor_map)))
            with self.subTest(devices=devices, tensor_map=tensor_map):
                self.fails("rank_list", *self.ask(0, path))
                folder, _ = self.ranks()
                self.fails("checkpoint_verify", folder, folder, "--strategy", path, "--other_strategy", path)


class Verify(ToolTest):
    def test_layouts_do_not_matter(self):
        folder, path = self.ranks()
        full = self.write("full.ckpt", record("step", [], "Int32", ints(7)) + record("w", [4], "Int32", ints(1, 2, 3, 4)))
        self.assertIn("2 tensors, 0 differences", self.works("checkpoint_verify", folder, full, "--strategy", path))
        self.assertIn("2 tensors, 0 differences", self.works("checkpoint_verify", full, folder, "--other_strategy", path))
        self.works("checkpoint_verify", folder, folder, "--src_strategy", path, "--dst_strategy", path)

    def test_every_difference_is_listed(self):
        folder, path = self.ranks()
        other = self.write("other.ckpt", record("w", [4], "Int32", ints(1, 2, 3, 5)) + record("new", [], "Int32", ints(7)))
        done = self.fails("checkpoint_verify", folder, other, "--strategy", path)
        for words in ("w: element (3) differs in " + other, "step: only in the first", "new: only in the second", "2 tensors, 3 differences"):
            self.assertIn(words, done.stdout)
        floats = self.write("floats.ckpt", record("w", [4], "Float32", bytes(16)) + record("step", [1], "Int32", ints(7)))
        done = self.fails("checkpoint_verify", folder, floats, "--strategy", path)
        self.assertIn("w: Int32 against Float32", done.stdout)
        self.assertIn("step: shape () against (1)", done.stdout)

    def test_what_cannot_be_compared_is_status_1(self):
        folder, path = self.ranks()
        full = self.write("full.ckpt", record("w", [4], "Int32", ints(1, 2, 3, 4)))
        self.fails("checkpoint_verify", folder, full, says=["--src_strategy"])
        self.fails("checkpoint_verify", full, self.path("none"), says=["none"])
        self.fails("checkpoint_verify", full, full, "--strategy", path, says=["not a folder"])
        for n in (0, 1, 9, 30):
            cut = self.write("cut.ckpt", record("w", [4], "Int32", ints(1, 2, 3, 4))[:n])
            self.fails("checkpoint_verify", full, cut, says=["error: " + cut])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
