#!/usr/bin/env python3
"""What the headers cost to compile: user time, least of REPEAT runs, and its ratio to <string> in the same run.

  compile_time.py [--repeat 5] [--compilers g++ clang++] [--only algebra.hpp]

Per compiler: an empty file, <vector>, <string>, every front header alone, then files with 0 and with 1,000 distinct static_plans. Reports, never asserts."""
import argparse, itertools, os, resource, subprocess, tempfile
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROOMS = ["algebra", "plan", "tensor", "exec", "codec", "formats", "checkpoint", "testing"]
LONE = ["plan/static_plan.hpp"]

def user_seconds(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0: raise SystemExit(" ".join(command) + "\n" + done.stderr[:2000])
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before

def lines(compiler, file):
    text = subprocess.run([compiler, *FLAGS, "-E", "-P", file], capture_output=True, text=True).stdout
    return sum(1 for line in text.splitlines() if line.strip())

def plans(count):
    """Rank 2 over 2 x 2 x 2: the maps with at most one axis per dim, in all pairs, over as many shapes as it takes."""
    maps = [m for m in itertools.product((-1, 0, 1, 2), repeat=2) if m[0] != m[1] or m[0] == -1]
    out, made = ["#include <reshard/plan/static_plan.hpp>", "using namespace reshard;", "constexpr device_matrix m{2, 2, 2};"], 0
    for size in itertools.count(8, 8):
        if made == count: return "\n".join(out) + "\n"
        for i, m in enumerate(maps): out.append("constexpr layout l%d_%d{m, plain_map(m, {%d, %d}), {%d, 16}};" % (size, i, *m, size))
        for i, j in itertools.permutations(range(len(maps)), 2):
            if made < count: out.append("static_assert(!static_plan<l%d_%d, l%d_%d>.empty());" % (size, i, size, j)); made += 1

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--repeat", type=int, default=5)
parser.add_argument("--compilers", nargs="+", default=["g++", "clang++"])
parser.add_argument("--only", help="the files whose names end so, besides the first three")
args = parser.parse_args()
FLAGS = ["-std=c++20", "-I" + os.path.join(ROOT, "include")]
headers = [room + ".hpp" for room in ROOMS] + LONE
headers = ["reshard/" + h for h in headers if os.path.exists(os.path.join(ROOT, "include/reshard", h))]
with tempfile.TemporaryDirectory() as work:
    files = {}
    def file(name, text):
        if args.only and len(files) > 2 and not name.endswith(args.only): return
        files[name] = os.path.join(work, "%d.cpp" % len(files))
        with open(files[name], "w") as out: out.write(text)
    file("(empty file)", "\n")
    file("<vector>", "#include <vector>\n")
    file("<string>", "#include <string>\n")
    for header in headers: file(header, "#include <%s>\n" % header)
    file("no plan", plans(0))
    file("1,000 static_plans", plans(1000))
    for compiler in args.compilers:
        best = {}
        for _ in range(args.repeat):  # in turns, so that a slow moment hits all alike
            for name, path in files.items(): best[name] = min(best.get(name, 1e9), user_seconds([compiler, *FLAGS, "-fsyntax-only", path]))
        print("%-36s %8s %8s %8s" % (subprocess.run([compiler, "--version"], capture_output=True, text=True).stdout.splitlines()[0][:36], "ms", "ratio", "lines"))
        for name, path in files.items(): print("%-36s %8.0f %8.2f %8d" % (name, best[name] * 1e3, best[name] / best["<string>"], lines(compiler, path)))
