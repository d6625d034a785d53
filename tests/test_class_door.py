"""`BudTikTokTokenizerFast`: AutoTokenizer's result field by field, accelerated; pickles and folders that load without this package."""

import copy
import json
import os
import pickle
from pathlib import Path

import pytest
import transformers
from conftest import TEXTS, WRITTEN, said_by
from tokenizers import Tokenizer
from transformers import (
    AutoTokenizer,
    BertTokenizerFast,
    GPT2TokenizerFast,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
)

import budtiktok_hf
from budtiktok_hf import BudTikTokTokenizerFast, compare, explain

transformers.logging.set_verbosity_error()

FIXTURES = os.environ.get("BUDTIKTOK_FIXTURES")
#: What AutoTokenizer does not load: remote code; a class that needs a word splitter.
NOT_LOADED = {"chatglm3", "deberta-v2-large-japanese-char-wwm"}
REAL = sorted(p for p in Path(FIXTURES, "tokenizers").iterdir() if p.is_dir()) if FIXTURES else []


def everything(tokenizer) -> dict:
    """All that a tokenizer is, and what it answers."""
    fields = {name: value for name, value in vars(tokenizer).items() if name != "_tokenizer"}
    calls = {
        "one": lambda: tokenizer(TEXTS[3]),
        "pair": lambda: tokenizer(TEXTS[2], TEXTS[3], return_offsets_mapping=True),
        "batch": lambda: tokenizer(TEXTS, truncation=True, max_length=9),
        "tokens": lambda: tokenizer.tokenize(TEXTS[4]),
        "decoded": lambda: tokenizer.decode(tokenizer(TEXTS[3]).input_ids),
    }
    written = json.loads(tokenizer._tokenizer.to_str())
    vocab = tokenizer.get_vocab()
    if len(set(vocab.values())) < len(vocab):
        # Which of the strings of an id stock shows and writes is chance.
        model = written["model"]
        model["vocab"], model["merges"] = sorted(model["vocab"].values()), len(model["merges"])
        calls = {"ids": lambda: tokenizer(TEXTS).input_ids}
    return {
        "class": type(tokenizer).__qualname__,
        "module": type(tokenizer).__module__,
        "bases": [base.__qualname__ for base in type(tokenizer).__mro__],
        "fields": {name: repr(value) for name, value in fields.items()},
        "special": repr(tokenizer.special_tokens_map),
        "written": written,
        "text": repr(tokenizer),
    } | {name: compare.plain(compare.outcome(call)) for name, call in calls.items()}


def assert_same(stock, ours) -> None:
    expected, actual = everything(stock), everything(ours)
    for name, value in expected.items():
        assert actual[name] == value, name


def without_us(code: str, *args: str) -> str:
    code = "import sys\nsys.modules['budtiktok_hf'] = None\n" + code
    return said_by(code, *args)


@pytest.fixture(params=["bert", "gpt2", "plain"])
def folder(request, tmp_path):
    """A model's folder, as `save_pretrained` leaves it."""
    name = "word_piece" if request.param == "bert" else "byte_level"
    backend = Tokenizer.from_str(WRITTEN[name])
    cls = {"bert": BertTokenizerFast, "gpt2": GPT2TokenizerFast, "plain": PreTrainedTokenizerFast}
    made = cls[request.param](tokenizer_object=backend)
    made.save_pretrained(tmp_path / "model")
    return str(tmp_path / "model")


def test_is_what_auto_tokenizer_gives(folder):
    stock = AutoTokenizer.from_pretrained(folder)
    ours = BudTikTokTokenizerFast.from_pretrained(folder)
    assert_same(stock, ours)
    assert isinstance(ours, BudTikTokTokenizerFast)
    assert isinstance(ours, type(stock))
    assert explain(ours).accelerated
    assert not isinstance(stock, BudTikTokTokenizerFast)
    assert not explain(stock).accelerated
    assert not budtiktok_hf.is_patched()
    assert_same(
        AutoTokenizer.from_pretrained(folder, padding_side="left", model_max_length=7),
        BudTikTokTokenizerFast.from_pretrained(folder, padding_side="left", model_max_length=7),
    )


def test_copies_are_accelerated_and_pickles_are_stock(folder, tmp_path):
    stock = AutoTokenizer.from_pretrained(folder)
    ours = BudTikTokTokenizerFast.from_pretrained(folder)
    pickled = pickle.dumps(ours)
    for made in (copy.deepcopy(ours), pickle.loads(pickled), copy.copy(ours)):
        assert isinstance(made, BudTikTokTokenizerFast)
        assert explain(made).accelerated
        assert_same(stock, made)
    assert pickled == pickle.dumps(stock)
    path = tmp_path / "pickled"
    path.write_bytes(pickled)
    said = without_us(
        "import pickle\n"
        "tok = pickle.load(open(sys.argv[1], 'rb'))\n"
        "print(type(tok).__name__, tok('The quick brown fox').input_ids)\n",
        str(path),
    )
    assert said == f"{type(stock).__name__} {stock('The quick brown fox').input_ids}\n"


def test_a_saved_one_is_stocks(folder, tmp_path):
    stock = AutoTokenizer.from_pretrained(folder)
    ours = BudTikTokTokenizerFast.from_pretrained(folder)
    saved = {}
    for name, tokenizer in (("stock", stock), ("ours", ours)):
        tokenizer.save_pretrained(tmp_path / name)
        files = sorted((tmp_path / name).iterdir())
        saved[name] = {file.name: file.read_bytes().replace(name.encode(), b"") for file in files}
    assert saved["ours"] == saved["stock"]
    said = without_us(
        "from transformers import AutoTokenizer\n"
        "tok = AutoTokenizer.from_pretrained(sys.argv[1])\n"
        "print(type(tok).__name__, tok('The quick brown fox').input_ids)\n",
        str(tmp_path / "ours"),
    )
    assert said == f"{type(stock).__name__} {stock('The quick brown fox').input_ids}\n"


def test_fingerprints_are_stocks(folder):
    from datasets.fingerprint import Hasher

    stock = AutoTokenizer.from_pretrained(folder)
    assert Hasher.hash(BudTikTokTokenizerFast.from_pretrained(folder)) == Hasher.hash(stock)


def test_constructor_is_pre_trained_tokenizer_fast(written, tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_text(written, encoding="utf-8")
    for arguments in (
        {"tokenizer_object": Tokenizer.from_str(written), "unk_token": "[UNK]"},
        {"tokenizer_file": str(path), "model_max_length": 12, "padding_side": "left"},
    ):
        ours = BudTikTokTokenizerFast(**arguments)
        assert_same(PreTrainedTokenizerFast(**arguments), ours)
        assert isinstance(ours, BudTikTokTokenizerFast)
        assert explain(ours).accelerated
    # What was given is not what serves: the constructor copies it.
    assert not explain(arguments.get("tokenizer_object", Tokenizer.from_str(written))).accelerated


def test_a_class_of_the_users_own(written):
    class Own(BudTikTokTokenizerFast):
        def extra(self):
            return 7

    stock = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(written))
    own = Own(tokenizer_object=Tokenizer.from_str(written))
    assert type(own) is Own and own.extra() == 7
    assert isinstance(own, Own) and isinstance(own, BudTikTokTokenizerFast)
    assert not isinstance(budtiktok_hf.accelerate(stock), Own)
    assert own(TEXTS).input_ids == stock(TEXTS).input_ids
    assert explain(own).accelerated


def test_isinstance_speaks_of_this_door(written):
    assert issubclass(BudTikTokTokenizerFast, PreTrainedTokenizerFast)
    assert issubclass(BudTikTokTokenizerFast, PreTrainedTokenizerBase)
    for odd in (None, 7, "gpt2", Tokenizer.from_str(written)):
        assert not isinstance(odd, BudTikTokTokenizerFast)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(written))
    budtiktok_hf.patch()
    assert not isinstance(tokenizer, BudTikTokTokenizerFast)
    budtiktok_hf.unpatch()
    assert isinstance(budtiktok_hf.accelerate(tokenizer), BudTikTokTokenizerFast)
    assert not isinstance(budtiktok_hf.restore(tokenizer), BudTikTokTokenizerFast)


def test_disabled_it_is_stock(folder):
    code = (
        "import sys, tokenizers\n"
        "from budtiktok_hf import BudTikTokTokenizerFast, explain\n"
        "tok = BudTikTokTokenizerFast.from_pretrained(sys.argv[1])\n"
        "print(explain(tok).reasons, type(tok._tokenizer.encode('a')) is tokenizers.Encoding)\n"
    )
    said = said_by(code, folder, BUDTIKTOK_DISABLE="1")
    assert said == "['BUDTIKTOK_DISABLE is set'] True\n"


if REAL:

    @pytest.mark.long
    @pytest.mark.parametrize("path", REAL, ids=[path.name for path in REAL])
    def test_real_folders(path, tmp_path):
        if path.name in NOT_LOADED:
            with pytest.raises(Exception) as stock:
                AutoTokenizer.from_pretrained(path)
            with pytest.raises(type(stock.value)):
                BudTikTokTokenizerFast.from_pretrained(path)
            return
        stock = AutoTokenizer.from_pretrained(path)
        ours = BudTikTokTokenizerFast.from_pretrained(path)
        assert isinstance(ours, BudTikTokTokenizerFast) and type(ours) is type(stock)
        assert_same(stock, ours)
        ours.save_pretrained(tmp_path / "saved")
        doors = AutoTokenizer, BudTikTokTokenizerFast
        stock, ours = (compare.outcome(door.from_pretrained, tmp_path / "saved") for door in doors)
        if isinstance(stock, compare.Raised):
            # Of strings that share an id one was written, and merges name the other.
            assert path.name == "vall-e-phonemes" and ours == stock
        else:
            assert_same(stock, ours)
