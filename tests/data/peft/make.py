"""Writes rules.json: configurations as PEFT 0.21.2 saves them, and what PEFT makes of each when it loads them again:
per module of a small model [r, lora_alpha, scaling], or null where no adapter goes. Writes patterns.json: what Python's
re says of expressions and texts: [expression, text, re.fullmatch, re.match]. Run it in this folder.
"""
import json
import pathlib
import re
import tempfile
import warnings

import torch
from peft import LoraConfig, PeftConfig, get_peft_model
from peft.tuners.lora import LoraLayer

warnings.filterwarnings("ignore")


def block(**parts):
    out = torch.nn.Module()
    for name, part in parts.items():
        setattr(out, name, part)
    return out


def linear():
    return torch.nn.Linear(4, 4)


def layer(i):
    mlp = block(gate_proj=linear(), up_proj=linear(), down_proj=linear())
    if i == 1:
        mlp.experts = torch.nn.ModuleList([block(up_proj=linear()) for _ in range(3)])
    attention = block(q_proj=linear(), k_proj=linear(), v_proj=linear(), o_proj=linear())
    return block(self_attn=attention, mlp=mlp)


def model():
    trunk = block(embed_tokens=torch.nn.Embedding(6, 4), layers=torch.nn.ModuleList([layer(i) for i in range(12)]))
    return block(model=trunk, blocks=torch.nn.ModuleList([block(q_proj=linear())]), lm_head=linear())


ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
CONFIGS = [
    dict(target_modules=["q_proj", "v_proj"]),
    dict(target_modules=ALL, r=4, lora_alpha=7),
    dict(target_modules=ALL, r=16, lora_alpha=24.5, use_rslora=True),
    dict(target_modules=["q_proj"], r=6, lora_alpha=0),
    dict(target_modules=ALL, rank_pattern={"q_proj": 2, "down_proj": 5}, alpha_pattern={"v_proj": 16, "q_proj": 3}),
    dict(target_modules=ALL, rank_pattern={"layers.1.self_attn.q_proj": 3, "q_proj": 5, "proj": 9}),
    dict(target_modules=ALL, rank_pattern={"model.layers.1.self_attn.q_proj": 3, "model.layers.11": 6}),
    dict(target_modules=ALL, rank_pattern={".*q_proj": 2, r"layers\.1\..*": 3, "self_attn.(k|v)_proj": 6, "^model.*o_proj": 7}),
    dict(target_modules=ALL, rank_pattern={"q_proj|k_proj": 2, r"layers\.[02468]\.mlp\..*_proj": 3},
         alpha_pattern={r"model\.layers\.(?!3\.)\d+\.self_attn\.v_proj": 11, r"up_pro\w": 12, "(?:gate|down)_proj": 13}),
    dict(target_modules=ALL, rank_pattern={"q.proj": 2, "_proj": 3, "proj": 4, ".*": 5}, use_rslora=True),
    dict(target_modules=ALL, rank_pattern={r"layers\.\d{2}\..*": 2, r"layers.\d+.mlp.*": 3, r"[qk]_proj": 4, r"[^qk]_proj": 5}),
    dict(target_modules=r".*\.self_attn\.(q|k)_proj"),
    dict(target_modules=r".*q_proj|.*k_proj"),
    dict(target_modules=r"model\.layers\.\d\.mlp\.(up|down)_proj"),
    dict(target_modules=r"(?!.*experts).*up_proj"),
    dict(target_modules=["self_attn.q_proj", "lm_head", "model.layers.3.mlp.up_proj", "embed_tokens"]),
    dict(target_modules=ALL, exclude_modules=["mlp.up_proj", "blocks.0.q_proj", "k_proj"]),
    dict(target_modules=ALL, exclude_modules=r".*layers\.1.*|lm_head"),
    dict(target_modules=ALL, layers_to_transform=[0, 3]),
    dict(target_modules=ALL, layers_to_transform=1),
    dict(target_modules=["q_proj", "up_proj"], layers_to_transform=[1, 2], layers_pattern="layers"),
    dict(target_modules=["q_proj", "up_proj"], layers_to_transform=[0], layers_pattern=["blocks", "experts"]),
    dict(target_modules=["model.layers.5.self_attn.q_proj", "v_proj"], layers_to_transform=[2]),
    dict(target_modules=ALL, modules_to_save=["lm_head"]),
    dict(target_modules=["q_proj", "embed_tokens"], modules_to_save=["lm_head"]),
    dict(target_modules="all-linear", rank_pattern={"lm_head": 2}),
]


def case(options):
    with tempfile.TemporaryDirectory() as folder:
        get_peft_model(model(), LoraConfig(**options)).peft_config["default"].save_pretrained(folder)
        text = (pathlib.Path(folder) / "adapter_config.json").read_text()
        adapted = get_peft_model(model(), PeftConfig.from_pretrained(folder))
    found = {}
    for name, part in adapted.named_modules():
        if isinstance(part, LoraLayer):
            key = name.removeprefix("base_model.model.")
            found[key] = [part.r["default"], part.lora_alpha["default"], part.scaling["default"]]
    leaves = [n for n, p in model().named_modules() if isinstance(p, (torch.nn.Linear, torch.nn.Embedding))]
    return {"config": text, "modules": {name: found.get(name) for name in leaves}}


EXPRESSIONS = [
    "q_proj", ".*q_proj", r"(.*\.)?(q_proj)$", r"(.*\.)?(a|b)$", r"(.*\.)?(a)|(b)$", "^a", "a$", "^a$", "", "a|", "|a", "(a|b)*",
    "(?:a|ab)(?:c|bcd)", "a+?", "a*?b", "a{2}", "a{2,}", "a{1,3}?b", "(ab){2}c", "[abc]+", "[^abc]+", "[a-c0-9_]*", r"[\w.]+",
    r"[\]]", r"[a\-c]", "[-a]", "[a-]", r"\d+", r"\D+", r"\w+", r"\W", r"\s", r"a\.b", "a.b", r"\bq_proj\b", r"a\Bb", r"(?=.*b)a.*",
    r"(?!.*b)a.*", r"layers\.(?:[02468]|1[0-9])\.", r"\(a\)", r"a\|b", r"\*", r"a\\b", ".", "..", "(a*)*b", "(a|aa)+", "((a)(b(c)))",
    "x?y?z?", "(?:(?:a))", "[.]", "[*+?(){}|^$]", r"\^a\$", r"a\/b", r"(a|b|)(c|)", "a(?=b)b", "a(?!b)."]
TEXTS = ["", "a", "b", "ab", "abc", "abcd", "aab", "aaa", "aaaab", "q_proj", "x.q_proj", "xq_proj", "q_proj.x", "a.b", "axb", "x.a", "x.b", "b.a",
         "layers.10.x", "layers.4.", "layers.3.", "0", "42", "a1_", "-", "]", "a-c", "*", "(a)", "a|b", " ", "a\\b", "^a$", "a/b", "xyz", "xz",
         "c", "ababc", ".", "model.layers.0.self_attn.q_proj"]

with open("patterns.json", "w") as out:
    json.dump([[e, t, re.fullmatch(e, t) is not None, re.match(e, t) is not None] for e in EXPRESSIONS for t in TEXTS], out,
              separators=(",", ":"))
with open("rules.json", "w") as out:
    json.dump([case(options) for options in CONFIGS], out, separators=(",", ":"))
