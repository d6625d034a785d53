"""A training script that knows nothing of us: the same batches and losses with and without `patch()`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = '''
"""Trains a tiny random model on a tokenized data set, as anybody would. Arguments: kind, tokenizer's folder, output file."""
import hashlib, json, sys
import torch
from datasets import Dataset
from torch.utils.data import DataLoader
from transformers import (
    AutoTokenizer, BertConfig, BertForMaskedLM, DataCollatorForLanguageModeling, GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments,
    set_seed,
)

if __name__ == "__main__":
    kind, folder, out = sys.argv[1:4]
    set_seed(7)
    tok = AutoTokenizer.from_pretrained(folder)
    words = ["def", "return", "self", "naïve", "café", "東京", "(x)", "[0]", "import", "text", "\\n", "  "]
    texts = [" ".join(words[(i * k) % len(words)] for k in range(1, 6 + i % 60)) for i in range(320)]
    data = Dataset.from_dict({"text": texts})
    data = data.map(lambda rows: tok(rows["text"], truncation=True, max_length=48, return_special_tokens_mask=True),
                    batched=True, batch_size=32, num_proc=2, remove_columns=["text"], load_from_cache_file=False)
    collator = DataCollatorForLanguageModeling(tok, mlm=kind == "bert", mlm_probability=0.2)
    digest = hashlib.sha256()
    torch.manual_seed(1)
    for batch in DataLoader(data, batch_size=16, num_workers=2, collate_fn=collator):
        for key in sorted(batch):
            digest.update(key.encode() + str(batch[key].shape).encode() + batch[key].numpy().tobytes())
    sizes = dict(vocab_size=len(tok), bos_token_id=0, eos_token_id=0, pad_token_id=tok.pad_token_id)
    if kind == "gpt2":
        model = GPT2LMHeadModel(GPT2Config(n_embd=32, n_layer=2, n_head=2, n_positions=64, **sizes))
    else:
        model = BertForMaskedLM(BertConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, **sizes))
    arguments = TrainingArguments(out + ".trainer", max_steps=20, per_device_train_batch_size=8, logging_steps=1, report_to=[],
                                  dataloader_num_workers=2, use_cpu=True, save_strategy="no", disable_tqdm=True, seed=3)
    trainer = Trainer(model, arguments, train_dataset=data, data_collator=collator, processing_class=tok)
    trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    with open(out, "w") as file:
        json.dump({"batches": digest.hexdigest(), "losses": losses, "rows": data[:3], "fingerprint": data._fingerprint}, file)
'''

PATCHED = "import budtiktok_hf, runpy, sys; budtiktok_hf.patch(); sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"


@pytest.fixture(scope="module")
def tokenizers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A GPT-2-like and a BERT-like tokenizer, in folders."""
    from tokenizers import (
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
        processors,
        trainers,
    )
    from transformers import PreTrainedTokenizerFast

    from budtiktok_hf.cli.demo import train

    text = "def encode(self, text): return naïve café 東京 import (x) [0]\n" * 20
    gpt2, bert = tmp_path_factory.mktemp("gpt2"), tmp_path_factory.mktemp("bert")
    train(gpt2, text)
    AutoPad = json.loads((gpt2 / "tokenizer_config.json").read_text()) | {
        "pad_token": "<|endoftext|>"
    }
    (gpt2 / "tokenizer_config.json").write_text(json.dumps(AutoPad))
    specials = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.train_from_iterator(
        [text],
        trainers.WordPieceTrainer(vocab_size=300, special_tokens=specials, show_progress=False),
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 1), ("[SEP]", 2)],
    )
    names = dict(
        zip(
            ("unk_token", "cls_token", "sep_token", "pad_token", "mask_token"),
            specials,
            strict=True,
        )
    )
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(bert)
    return {"gpt2": gpt2, "bert": bert}


def train_in_a_process(
    kind: str, folder: Path, script: Path, out: Path, patched: bool
) -> dict[str, Any]:
    command = [
        sys.executable,
        *(["-c", PATCHED] if patched else []),
        str(script),
        kind,
        str(folder),
        str(out),
    ]
    environment = os.environ | {
        "HF_HOME": str(out.parent / "home"),
        "HF_HUB_OFFLINE": "1",
        "CUDA_VISIBLE_DEVICES": "",
    }
    environment["PYTHONPATH"] = os.pathsep.join(
        [str(Path(__file__).resolve().parent.parent), os.environ.get("PYTHONPATH", "")]
    )
    done = subprocess.run(
        command, cwd=out.parent, env=environment, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(out.read_text())


@pytest.mark.parametrize("kind", ["gpt2", "bert"])
def test_a_training_run_is_the_same_under_patch(
    kind: str, tokenizers: dict[str, Path], tmp_path: Path
) -> None:
    script = tmp_path / "train.py"
    script.write_text(SCRIPT, encoding="utf-8")
    stock = train_in_a_process(
        kind, tokenizers[kind], script, tmp_path / "stock.json", patched=False
    )
    ours = train_in_a_process(
        kind, tokenizers[kind], script, tmp_path / "patched.json", patched=True
    )
    assert len(stock["losses"]) == 20
    assert ours == stock
