"""layout_picture draws text as written here by hand, and an SVG whose shapes can be counted."""
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

program = sys.argv[1] + "/layout_picture"
blocks = '{"devices": [2, 2], "map": [1, 0], "shape": [4, 8]}'
rows = '{"devices": [4], "map": [0, -1], "shape": [4, 8]}'


def run(*arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True)


def check(claim, fact):
    if not claim:
        sys.exit(f"failed: {fact}")


def drawn(*layouts):
    """The rectangles of the SVG by class, its texts, and what was printed."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "picture.svg")
        done = run(*layouts, "--svg", path)
        check(done.returncode == 0, done.stderr)
        root = xml.parse(path).getroot()
    svg = "{http://www.w3.org/2000/svg}"
    check(root.tag == svg + "svg", root.tag)
    shapes = {}
    for rectangle in root.iter(svg + "rect"):
        shapes.setdefault(rectangle.get("class"), []).append(rectangle)
        x, y = float(rectangle.get("x")), float(rectangle.get("y"))
        check(x + float(rectangle.get("width")) <= float(root.get("width")), "a shape is cut off")
        check(y + float(rectangle.get("height")) <= float(root.get("height")), "a shape is cut off")
    return shapes, [t.text for t in root.iter(svg + "text")], done.stdout


shapes, texts, printed = drawn(blocks, rows)
check(printed == """from devices(2, 2) map((1), (0)) shape(4, 8)
     | 0..3 | 4..7
-----+------+-----
0..1 | 0    | 1
2..3 | 2    | 3
to devices(4) map((0), ()) shape(4, 8)
  | 0..7
--+-----
0 | 0
1 | 1
2 | 2
3 | 3
plan: a>b device b gets the elements from a, =b it has them
  | 0..3 | 4..7
--+------+-----
0 | =0   | 1>0
1 | 0>1  | =1
2 | =2   | 3>2
3 | 2>3  | =3
moved: 64 bytes; the least that any plan moves: 64
""", printed)
check({k: len(v) for k, v in shapes.items()} == {"cell": 16, "held": 16, "moved": 4, "key": 4}, shapes)
check([t for t in texts if ">" in t][:4] == ["1>0", "0>1", "3>2", "2>3"], texts)
check(texts[0] == "devices(2, 2) map((1), (0)) shape(4, 8)", texts)
fills = {r.get("fill") for r in shapes["key"]}
check(len(fills) == 4 and {r.get("fill") for r in shapes["held"]} == fills, fills)

# three dims are planes; replicas are stripes of one cell
shapes, texts, printed = drawn('{"devices": [2, 2], "map": [1, -1, -1], "shape": [4, 8, 6]}')
check({k: len(v) for k, v in shapes.items()} == {"cell": 2, "held": 4, "key": 4}, shapes)
check("dim 0: 2..3  " in texts and "dim 0: 2..3\n" in printed, texts)

# ids of an order stand for the devices: 3 is the first, and moves nothing to itself
shapes, texts, printed = drawn(rows.replace("}", ', "order": [3, 2, 1, 0]}'), blocks)
check("0 | 3\n" in printed and "3 | =0   | 0>1\n" not in printed and "3>0" in printed, printed)

# many bands: the rest is one cell that says so
shapes, texts, printed = drawn('{"devices": [2], "map": [0], "cut": {"cyclic": 1}, "shape": [100]}')
check(len(shapes["cell"]) == 32 and len(shapes["held"]) == 31 and "..." in texts, texts)
check("31..99" in printed, printed)
check(run('{"devices": [], "map": [], "shape": []}').stdout.startswith("devices() map() shape()"), "scalar")
check(run('{"devices": [2], "map": [0], "shape": [0]}').stdout.endswith("no elements\n"), "empty")

for wrong, words in [
    ([blocks, rows.replace("8", "6")], "from devices"),
    ([blocks.replace("4", "3")], "does not divide"),
    ([blocks, "--svg", "/no/such/folder/picture.svg"], "cannot be written"),
    ([blocks, "--dtype", "x"], "no element type is named x"),
]:
    refused = run(*wrong)
    check(refused.returncode == 1 and words in refused.stderr, (wrong, refused))
check("example: layout_picture" in run("--help").stdout, "help")
