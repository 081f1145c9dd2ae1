#!/usr/bin/env python3
"""Writes a shipped model as a folder for the Hugging Face Hub: ``python model_folder.py MODEL FOLDER``.

``README.md`` is the card with its metadata; ``config.json`` and ``model.safetensors`` are what
``pielight.nn.Enhance.from_pretrained`` reads, ``MODEL.onnx`` and ``MODEL.json`` what ``pielight.Enhancer`` does.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from huggingface_hub import ModelCard, ModelCardData

from pielight import Enhancer, ExistsError, ModelError, PielightError
from pielight.nn import Enhance

PURPOSES = {
    "pie": "low-light enhancement", "free": "low-light enhancement", "denoise": "denoising", "dehaze": "dehazing",
    "derain": "deraining",
}  # fmt: skip
_TEXT = """---
{metadata}
---

# pielight {name}

{purpose}, for photographs and clips, of the package pielight.
{parameters:,} parameters.

```python
{code}
```

- Trained on: {data}
- Terms: {terms}
- Recipe, seed and commit: `{name}.json`
- SHA-256 of `{name}.onnx`: `{checksum}`

The package's page on model cards tells what it was measured on, and where it fails.
"""
_EXPOSURE = """from pielight import Enhancer
from pielight.nn import Enhance

enhance = Enhance.from_pretrained("OWNER/{name}")  # tensors (N, 3, H, W) in [0, 1], with gradients
enhancer = Enhancer("{name}.onnx")  # files, Pillow images and arrays"""
_OTHER = """from pielight import Enhancer

Enhancer("{name}.onnx", task="{name}")(image)"""
_CODE = {
    "pie": _EXPOSURE, "free": _EXPOSURE, "dehaze": _OTHER, "derain": _OTHER,
    "denoise": 'from pielight import enhance\n\nenhance(image, denoise_model="denoise.onnx")',
}  # fmt: skip


def write_folder(name: str, folder: str | Path) -> list[str]:
    """Write a model's files into a new or empty folder, and return their names.

    Raises:
        ModelError: There is no such model.
        ExistsError: The folder holds something.
    """
    if name not in PURPOSES:
        raise ModelError(f"{name}: no such model; choose one of {', '.join(PURPOSES)}")
    folder = Path(folder)
    if folder.exists() and any(folder.iterdir()):
        raise ExistsError(f"{folder}: not empty; name a new folder", str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    model = _model(name)
    model.verify()
    if name in ("pie", "free"):
        Enhance.from_pretrained(name).save_pretrained(folder)
    else:
        weights = model.path.with_suffix(".safetensors")
        if weights.is_file():
            shutil.copyfile(weights, folder / "model.safetensors")
        facts = {"library_name": "pielight", "model": name, "parameters": model.card["parameters"]}
        (folder / "config.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    for suffix in (".onnx", ".json"):
        shutil.copyfile(model.path.with_suffix(suffix), folder / f"{name}{suffix}")
    found = card(name, model)
    found.save(folder / "README.md")
    if found.data.license == "other":
        (folder / "LICENSE.md").write_text(f"{model.license}\n", encoding="utf-8")
    return sorted(path.name for path in folder.iterdir())


def card(name: str, model: Any) -> ModelCard:
    """Return the card of a model, with the metadata that the Hub reads."""
    is_free = not model.is_for_research_only and "Apache-2.0" in model.license
    terms = {"license": "apache-2.0"}
    if not is_free:
        terms = {"license": "other", "license_name": "research-only", "license_link": "LICENSE.md"}
    data = ModelCardData(
        library_name="pielight",
        pipeline_tag="image-to-image",
        tags=["onnx", *dict.fromkeys(("low-light-enhancement", PURPOSES[name].replace(" ", "-")))],
        **terms,
    )
    text = _TEXT.format(
        metadata=data.to_yaml(), name=name, purpose=PURPOSES[name].capitalize(), parameters=model.card["parameters"],
        code=_CODE[name].format(name=name), data=model.card["data"], terms=model.license, checksum=model.sha256(),
    )  # fmt: skip
    return ModelCard(text)


def _model(name: str) -> Any:
    if name == "denoise":
        return Enhancer().denoiser
    return Enhancer(name).model if name in ("pie", "free") else Enhancer(task=name).model


if __name__ == "__main__":
    try:
        print(*write_folder(*sys.argv[1:3]), sep="\n")
    except PielightError as error:
        sys.exit(f"pielight: {error}")
