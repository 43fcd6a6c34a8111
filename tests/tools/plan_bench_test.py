"""plan_bench measures stated layouts with right results, counts what moves, and refuses what is no layout."""
import json
import subprocess
import sys

program = sys.argv[1] + "/plan_bench"
rows = '{"devices": [4], "map": [0, -1], "shape": [8, 12]}'
columns = '{"devices": [4], "map": [-1, 0], "shape": [8, 12]}'
cyclic = '{"devices": [2, 2], "map": [1, 0], "shape": [8, 12], "cut": [{"cyclic": 1}, "exact"]}'


def run(*arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True)


def check(claim, fact):
    if not claim:
        sys.exit(f"failed: {fact}")


done = run(rows, columns, rows, cyclic, "--dtype", "BFloat16", "--name", "p", "--benchmark_min_time=0.001", "--benchmark_format=json")
check(done.returncode == 0, done.stderr)
runs = {r["name"]: r for r in json.loads(done.stdout)["benchmarks"]}
rivals = ["transfers", "memcpy", "naive_loops", "eigen", "xtensor"]
check(set(runs) == {f"plan/p{i}" for i in (0, 1)} | {f"move/p{i}/{c}" for i in (0, 1) for c in rivals}, list(runs))
for name, r in runs.items():
    check(not r.get("error_occurred"), r)
    check(r["received_over_bound"] == 1, r)
# rows to columns: a device has 24 elements and keeps a block of 2 x 3
check(all(runs[f"move/p0/{c}"]["received_bytes"] == 4 * (24 - 6) * 2 for c in rivals), "received bytes")
check(runs["plan/p0"]["transfers"] == 16, "transfers")
# rows to cyclic rows and halves: rank r = (i, j) keeps of its rows 2r, 2r + 1 the one of parity i, in half j
check(runs["plan/p1"]["lower_bound_bytes"] == 4 * (24 - 6) * 2, runs["plan/p1"])
check(runs["move/p1/eigen"]["bytes_per_second"] > 0, "bytes per second")
check(runs["plan/p0"]["label"] == "devices(4) map((0), ()) shape(8, 12) to devices(4) map((), (0)) shape(8, 12) BFloat16", "label")

for wrong, status, words in [
    (["{}", columns], 1, "'devices' is missing"),
    ([rows], 1, "a layout to end with is missing"),
    ([rows, columns, "--dtype", "Float12"], 1, "no element type is named Float12"),
    ([rows, columns.replace("12", "8")], 1, "from devices(4)"),
    ([rows, columns.replace("}", ', "order": [3, 2, 1, 0]}')], 1, "takes no device order"),
    ([], 2, "layouts is required"),
]:
    refused = run(*wrong)
    check(refused.returncode == status and words in refused.stderr, (wrong, refused))
check("example: plan_bench" in run("--help").stdout, "help")
