#!/usr/bin/env python3
"""What README.md says is true: errors have rows, tools have rows, code compiles in some test, commands are run.

usage: readme_test.py <bin dir> <data dir>"""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

BIN, DATA = (os.path.abspath(path) for path in sys.argv[1:3])
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def text_of(*names):
    with open(os.path.join(ROOT, *names), encoding="utf-8") as file:
        return file.read()


def files(*patterns):
    return sorted(path for pattern in patterns for path in glob.glob(os.path.join(ROOT, pattern), recursive=True))


README = text_of("README.md")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def blocks(language):
    return [text for name, text in BLOCKS if name == language]


class Tables(unittest.TestCase):
    def test_every_error_has_a_row_with_its_number(self):
        numbers = dict(re.findall(r"^  (\w+) = (\d+),", text_of("include", "reshard", "algebra", "error.hpp"), re.MULTILINE))
        self.assertEqual(numbers.pop("none"), "0")
        section = README.split("## Errors\n")[1].split("\n## ")[0]
        rows = re.findall(r"^\| (\d+) \| `(\w+)` \| (.+) \|$", section, re.MULTILINE)
        self.assertEqual({name: number for number, name, _ in rows}, numbers)
        self.assertEqual(len(rows), len(numbers))
        self.assertEqual([int(number) for number, _, _ in rows], sorted(int(number) for number in numbers.values()))

    def test_every_tool_has_a_row(self):
        section = README.split("## Tools\n")[1].split("\n## ")[0]
        rows = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
        tools = [os.path.splitext(os.path.basename(path))[0] for path in files("examples/*.cpp")]
        self.assertEqual(sorted(rows), tools)
        for tool in tools:
            self.assertTrue(os.path.exists(os.path.join(BIN, tool)), tool)

    def test_every_rule_of_layouts_and_plans_has_a_case_that_does_not_compile(self):
        for path in files("include/reshard/algebra/*.hpp", "include/reshard/plan/*.hpp"):
            for rule in re.findall(r"\[\[noreturn\]\] inline void (\w+)\(", text_of(path)):
                with self.subTest(rule):
                    self.assertIn("// expect: %s\n" % rule, text_of("tests", "compile_fail", rule + ".cpp"))

    def test_every_error_is_thrown_by_somebody(self):
        sources = "".join(map(text_of, files("include/**/*.hpp", "examples/**/*.hpp")))
        for name in re.findall(r"^  (\w+) = [1-9]\d*,", text_of("include", "reshard", "algebra", "error.hpp"), re.MULTILINE):
            self.assertIn("errc::" + name, sources)


class Reports(unittest.TestCase):
    """Every field of a report stands in the table of examples/README.md, and every field of the table in some report's source."""
    def fields(self, tool, *args):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "report.json")
            done = subprocess.run([os.path.join(BIN, tool), *args, "--report", path], cwd=folder, capture_output=True, text=True, timeout=60)
            with open(path, encoding="utf-8") as file:
                told = json.load(file)
        names = set(told)
        for inner in ("error", "tasks", "memory"):
            names |= set(told.get(inner, {}))
        for listed in ("per_file", "adapters", "adapter_tensors", "effects"):
            names |= set(told.get(listed, [{}])[0])
        return told["status"], names, done

    def test_fields_have_rows(self):
        section = text_of("examples", "README.md").split("# Reports\n")[1]
        rows = set(re.findall(r"`(\w+)`", section))
        convert = ["--src_checkpoint", os.path.join(DATA, "mindspore", "ckpt_to_safetensors", "src"), "--output_format", "safetensors"]
        lora = os.path.join(DATA, "lora", "peft-r4-bf16", "src")
        runs = {"done": ("convert_container", *convert, "--dst_checkpoint_dir", "out", "--verify", "--checksum"),
                "planned": ("convert_container", *convert, "--dst_checkpoint_dir", "out", "--dry_run"),
                "failed": ("convert_container", *convert, "--dst_checkpoint_dir", "/proc/none"),
                "failed before there was a plan": ("convert_container", "--src_checkpoint", "none", "--output_format", "ckpt"),
                "merge": ("merge_lora", "--base", os.path.join(lora, "base"), "--adapter", os.path.join(lora, "adapter"), "--output", "out")}
        seen = set()
        for name, command in runs.items():
            with self.subTest(name):
                status, names, done = self.fields(*command)
                self.assertEqual(status, "done" if name == "merge" else name.split()[0], done.stderr)
                self.assertLessEqual(names, rows)
                seen |= names
        unseen = rows - seen - {"running", "done", "planned", "failed", "stopped", "differs", "merged", "replaces"}  # values
        self.assertLessEqual(unseen, {"signal", "what", "path", "tensor", "byte"})


class Snippets(unittest.TestCase):
    def test_all_code_is_of_a_checked_kind(self):
        self.assertEqual(README.count("\n```"), 2 * len(BLOCKS))
        self.assertLessEqual({name for name, _ in BLOCKS}, {"cpp", "cmake", "sh"})

    def test_cpp_stands_in_a_file_that_tests_compile(self):
        compiled = [text_of(path) for path in files("tests/package/**/*.cpp", "tests/*/*_test.cpp", "examples/*.cpp", "benchmarks/*.cpp")]
        self.assertGreater(len(blocks("cpp")), 0)
        for snippet in blocks("cpp"):
            self.assertTrue(any(snippet in text for text in compiled), snippet)

    def test_cmake_stands_in_the_package_test(self):
        lines = [line.strip() for path in files("tests/package/**/CMakeLists.txt", "tests/package/*.cmake") for line in text_of(path).splitlines()]
        self.assertGreater(len(blocks("cmake")), 0)
        for line in "".join(blocks("cmake")).splitlines():
            self.assertIn(line.strip(), lines)

    def test_commands_are_run(self):
        # the two commands: one is the test run, which runs the other
        self.assertIn("sh cmake/demo.sh", text_of("cmake", "test.sh"))
        self.assertGreater(len(blocks("sh")), 1)
        for script in blocks("sh"):
            if script in ("sh cmake/demo.sh\n", "sh cmake/test.sh\n"):
                self.assertTrue(os.path.exists(os.path.join(ROOT, script.split()[1])))
                continue
            with tempfile.TemporaryDirectory() as folder:  # other commands: here and now
                os.makedirs(os.path.join(folder, "build", "release"))
                os.symlink(BIN, os.path.join(folder, "build", "release", "bin"))
                os.makedirs(os.path.join(folder, "tests"))
                os.symlink(DATA, os.path.join(folder, "tests", "data"))
                done = subprocess.run(["sh", "-eu", "-c", script], cwd=folder, capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 0, script + done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
