#!/usr/bin/env python3
"""Paths and flags as people give them: bare names, FIFOs, files that are there already, words that are no numbers.

usage: paths_test.py <bin dir> <data dir>"""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

BIN, DATA = (os.path.abspath(path) for path in sys.argv[1:3])
SAFETENSORS = os.path.join(DATA, "mindspore", "ckpt_to_safetensors", "src")
STAGES = os.path.join(DATA, "mindspore", "merge_strategys", "src")


def content(path):
    with open(path, "rb") as file:
        return file.read()


class Paths(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def run_tool(self, tool, *args):
        return subprocess.run([os.path.join(BIN, tool), *args], cwd=self.folder, capture_output=True, text=True, timeout=60)

    def works(self, tool, *args):
        done = self.run_tool(tool, *args)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def fails(self, tool, *args, status=1, says=()):
        done = self.run_tool(tool, *args)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        for word in says:
            self.assertIn(word, done.stderr)
        return done

    def path(self, *names): return os.path.join(self.folder, *names)

    def small_checkpoint(self):
        """One file, by a bare name."""
        for base, _, names in os.walk(SAFETENSORS):
            for name in names:
                if name.endswith(".ckpt"):
                    shutil.copy(os.path.join(base, name), self.path("small.ckpt"))
                    return

    def test_a_name_without_a_folder_is_of_this_one(self):
        self.small_checkpoint()
        self.works("convert_container", "--src_checkpoint", "small.ckpt", "--output_format", "safetensors")
        self.assertTrue(os.path.isfile(self.path("small.safetensors")))
        lora = os.path.join(DATA, "lora", "peft-r4-bf16", "src")
        self.works("merge_lora", "--base", os.path.join(lora, "base"), "--adapter", os.path.join(lora, "adapter"), "--output", "out")
        shutil.copytree(STAGES, self.path("stages"))
        self.works("merge_strategies", "--src_strategy_dirs", "stages", "--dst_strategy_file", "merged.ckpt")

    def test_a_fifo_is_refused_not_waited_for(self):
        os.mkfifo(self.path("pipe.safetensors"))
        self.fails("checkpoint_inspect", "pipe.safetensors", says=["pipe.safetensors", "not a regular file"])
        self.fails("rank_list", "--rank_id", "0", "--src_strategy", "pipe.safetensors", says=["pipe.safetensors"])

    def test_a_report_that_cannot_be_written_is_found_before_the_job(self):
        self.small_checkpoint()
        self.fails("convert_container", "--src_checkpoint", "small.ckpt", "--output_format", "safetensors", "--report", "/proc/none/r.json", says=["/proc/none/r.json"])
        self.assertEqual(os.listdir(self.folder), ["small.ckpt"])

    def test_strategies_replace_files_by_force_only_and_sources_never(self):
        shutil.copytree(STAGES, self.path("stages"))
        source = self.path("stages", sorted(os.listdir(STAGES))[0])
        merge = ("merge_strategies", "--src_strategy_dirs", "stages", "--dst_strategy_file")
        before = content(source)
        for more in (), ("--force",):
            self.fails(*merge, source, *more, says=[source, "one of the files to be read"])
        self.assertEqual(content(source), before)
        with open(self.path("other"), "w") as file: file.write("theirs")
        self.fails(*merge, "other", says=["other exists (--force replaces it)"])
        self.assertEqual(content(self.path("other")), b"theirs")
        self.works(*merge, "other", "--force")
        merged = content(self.path("other"))
        self.works(*merge, "other")  # as it is
        self.assertEqual(content(self.path("other")), merged)

    def test_words_that_say_nothing_are_refused(self):
        transform = ("transform_checkpoint", "--src_checkpoint", SAFETENSORS)
        self.fails(*transform, "--transform_by_rank", "nope", status=2, says=["nope"])
        self.fails("transform_checkpoint", SAFETENSORS, "None", "out", "None", "4x", "1", status=2, says=["4x"])
        self.fails("transform_checkpoint", SAFETENSORS, "None", "out", "None", "4", "1y", status=2, says=["1y"])
        self.fails("checkpoint_inspect", os.path.join(STAGES, sorted(os.listdir(STAGES))[0]), "--hash", says=["--hash"])
        case = os.path.join(DATA, "mindspore", "unified_safetensors", "src")
        merge = ("merge_safetensors", "--src_strategy_dirs", os.path.join(case, "src_strategy.ckpt"), "--mindspore_ckpt_dir", case, "--output_dir", "out", "--format", "hf")
        self.fails(*merge, "--flat_map", says=["--flat_map"])
        self.fails(*merge, "--max_shard_size", "0", says=["0 bytes"])
        for story in "custom_family", "custom_converter":
            self.fails(story, status=2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
