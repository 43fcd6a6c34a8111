#!/usr/bin/env python3
"""How large a job one host can plan: transform_checkpoint --dry_run over rank files of which only the heads are there.

  scale.py BIN_DIR WORK_DIR [--only TEXT]

Makes the sparse rank files of Llama-3.1-405B on 16,384 ranks and of DeepSeek-V3 on 2,048 (weights in bf16, two moments in f32 cut further by the
optimizer), plans the way to 4,096 and 1,024 ranks with 1 GiB, and prints seconds, peak memory and files. WORK_DIR: on a file system with sparse files."""
import json, os, shutil, struct
from race import ITEM, Run, options


def llama_405b():
    """Layers of (name, shape, dim that tensor parallelism cuts), what comes before them and behind."""
    h, i, kv, v = 16384, 53248, 1024, 128256
    layer = [("attention.wq", (h, h), 0), ("attention.wk", (kv, h), 0), ("attention.wv", (kv, h), 0), ("attention.wo", (h, h), 1), ("feed_forward.w1", (i, h), 0),
             ("feed_forward.w2", (h, i), 1), ("feed_forward.w3", (i, h), 0), ("attention_norm", (h,), None), ("ffn_norm", (h,), None)]
    return [layer] * 126, [("model.tok_embeddings.embedding_weight", (v, h), 0)], [("model.norm_out.weight", (h,), None), ("lm_head.weight", (v, h), 0)]


def deepseek_v3():
    """Experts of a layer are one tensor; every device axis but that of copies cuts the experts."""
    h, i, j, e, q, kv, v = 7168, 18432, 2048, 256, 1536, 512, 129280
    attention = [("attention.q_down", (q, h), None), ("attention.q_up", (24576, q), 0), ("attention.kv_down", (kv + 64, h), None), ("attention.kv_up", (32768, kv), 0),
                 ("attention.wo", (h, 16384), 1), ("attention.q_norm", (q,), None), ("attention.kv_norm", (kv,), None), ("attention_norm", (h,), None), ("ffn_norm", (h,), None)]
    dense = attention + [("feed_forward.w1", (i, h), 0), ("feed_forward.w2", (h, i), 1), ("feed_forward.w3", (i, h), 0)]
    experts = attention + [("router", (e, h), None), ("shared.w1", (j, h), 0), ("shared.w2", (h, j), 1), ("shared.w3", (j, h), 0),
                           ("experts.w1", (e, h, j), 0), ("experts.w2", (e, j, h), 0), ("experts.w3", (e, h, j), 0)]
    return [dense] * 3 + [experts] * 58, [("model.tok_embeddings.embedding_weight", (v, h), 0)], [("model.norm_out.weight", (h,), None), ("lm_head.weight", (v, h), 0)]


def staged(model, stages):
    """The tensors of each pipeline stage: layers in even shares."""
    layers, first, last = model
    out = [[] for _ in range(stages)]
    out[0] += first
    for k, layer in enumerate(layers):
        out[k * stages // len(layers)] += [("model.layers.%d.%s.weight" % (k, name), shape, cut) for name, shape, cut in layer]
    out[-1] += last
    return out


def pieces(shape, cut, copies, parts):
    """Into how many the optimizer cuts dim 0 of a moment once more, as far as it divides."""
    rows = shape[0] // (parts if cut == 0 else 1)
    return copies if rows % copies == 0 else 1


def placements(tensors, copies, parts):
    """(name, type, local shape, layout) of what a rank of a stage with copies x parts devices holds."""
    for name, shape, cut in tensors:
        local = [n // parts if d == cut else n for d, n in enumerate(shape)]
        layout = {"dev_matrix": [copies, parts], "tensor_map": [0 if d == cut else -1 for d in range(len(shape))], "tensor_shape": list(shape),
                  "field": 0, "opt_weight_shard_size": 0, "opt_weight_shard_step": 0}
        yield name, "BF16", local, layout
        cuts = pieces(shape, cut, copies, parts)
        sharded = {**layout, "opt_weight_shard_size": -1, "opt_weight_shard_step": parts} if cuts > 1 else layout
        for moment in ("adam_m.", "adam_v."): yield moment + name, "F32", [local[0] // cuts, *local[1:]], sharded


def strategy(path, model, stages, copies, parts):
    layouts = {"%d-%s" % (s, name): layout for s, tensors in enumerate(staged(model, stages)) for name, _, _, layout in placements(tensors, copies, parts)}
    with open(path, "w") as file: json.dump({"current_stage": 1, "parallel_layout_item": layouts, "parallel_strategy_item": {}}, file)


def rank_files(folder, model, stages, copies, parts):
    for s, tensors in enumerate(staged(model, stages)):
        header, at = {"__metadata__": {"format": "ms"}}, 0
        for name, dtype, local, _ in placements(tensors, copies, parts):
            size = ITEM[dtype]
            for n in local: size *= n
            header[name] = {"dtype": dtype, "shape": local, "data_offsets": [at, at + size]}
            at += size
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        for rank in range(s * copies * parts, (s + 1) * copies * parts):
            os.makedirs("%s/rank_%d" % (folder, rank))
            with open("%s/rank_%d/m_rank_%d-1_1.safetensors" % (folder, rank, rank), "wb") as file:
                file.write(struct.pack("<Q", len(text)) + text)
                file.truncate(8 + len(text) + at)


# title: model, stages x copies x parts before and after
SCENARIOS = {"Llama-3.1-405B, pp16 x dp128 x tp8 -> pp8 x dp64 x tp8": (llama_405b(), (16, 128, 8), (8, 64, 8)),
             "DeepSeek-V3, pp16 x dp2 x ep64 -> pp8 x dp4 x ep32": (deepseek_v3(), (16, 2, 64), (8, 4, 32))}

flags = options(__doc__)
flags.add_argument("--only", default="")
flags = flags.parse_args()
work = os.path.join(flags.work, "scale")
for title, (model, before, after) in SCENARIOS.items():
    if flags.only not in title: continue
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    for name, parallel in (("before.json", before), ("after.json", after)): strategy(os.path.join(work, name), model, *parallel)
    rank_files(work + "/src", model, *before)
    report = work + "/report.json"
    done = Run([os.path.join(flags.bin, "transform_checkpoint"), "--src_checkpoint", work + "/src", "--dst_checkpoint_dir", work + "/dst", "--src_strategy", work + "/before.json",
                "--dst_strategy", work + "/after.json", "--output_format", "safetensors", "--dry_run", "--memory", "1GB", "--report", report])
    with open(report) as file: facts = json.load(file)
    print("%s: %.1f s, peak %.0f MiB\n%s" % (title, done.seconds, done.peak, json.dumps({k: v for k, v in facts.items() if not isinstance(v, (list, dict))})), flush=True)
shutil.rmtree(work)
