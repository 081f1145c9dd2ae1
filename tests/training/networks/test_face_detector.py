"""What faces teach: boxes decoded as YuNet means them, and losses that fall towards the right answer."""

from __future__ import annotations

import torch

from pielight.training.networks.face_detector import Anchors, anchors, face_distillation, face_loss

SIZE = (64, 96)


def silent() -> dict[str, torch.Tensor]:
    outputs = {}
    for stride in (8, 16, 32):
        count = (SIZE[0] // stride) * (SIZE[1] // stride)
        for kind in ("cls", "obj"):
            outputs[f"{kind}_{stride}"] = torch.full((1, count, 1), 0.01)
        outputs[f"bbox_{stride}"] = torch.zeros(1, count, 4)
    return outputs


def with_face(sure: float, elsewhere: float = 0.01) -> Anchors:
    """A face of 32 x 32 pixels about (40, 24), in the cell (4, 2) of stride 8, and a false one at the right."""
    outputs = silent()
    cell = 2 * (SIZE[1] // 8) + 4
    outputs["bbox_8"][0, cell] = torch.tensor([1.0, 1.0, torch.tensor(4.0).log(), torch.tensor(4.0).log()])
    for kind in ("cls", "obj"):
        outputs[f"{kind}_8"][0, cell] = sure
        outputs[f"{kind}_8"][0, 5 * (SIZE[1] // 8) + 11] = elsewhere
    return anchors(outputs, SIZE)


def test_boxes_are_decoded() -> None:
    found = with_face(0.9)
    best = found.score[0].argmax()
    assert found.boxes[0, best].tolist() == [24.0, 8.0, 56.0, 40.0]
    assert found.centers[best].tolist() == [36.0, 20.0]
    assert abs(found.score[0, best].item() - 0.9) < 1e-5
    assert found.score.shape == (1, 8 * 12 + 4 * 6 + 2 * 3)


def test_a_labeled_face_should_be_found() -> None:
    label = [torch.tensor([[24.0, 8.0, 32.0, 32.0]])]
    losses = [face_loss(with_face(sure), with_face(0.9), label).item() for sure in (0.1, 0.5, 0.9)]
    assert losses[0] > losses[1] > losses[2]


def test_only_what_the_clean_picture_shows_no_face_at_should_stay_dark() -> None:
    label = [torch.tensor([[24.0, 8.0, 32.0, 32.0]])]
    nobody, somebody = with_face(0.9), with_face(0.9, elsewhere=0.8)
    assert face_loss(with_face(0.9, 0.8), nobody, label) > face_loss(with_face(0.9, 0.1), nobody, label) + 0.5
    assert face_loss(with_face(0.9, 0.8), somebody, label) <= face_loss(with_face(0.9, 0.1), somebody, label)


def test_distillation_is_0_for_the_same_and_grows() -> None:
    clean = with_face(0.9)
    losses = [face_distillation(with_face(sure), clean).item() for sure in (0.9, 0.5, 0.1)]
    assert abs(losses[0]) < 1e-4
    assert losses[0] < losses[1] < losses[2]
    assert face_distillation(with_face(0.9, elsewhere=0.9), clean) > 0.1


def test_saturated_scores_still_have_a_gradient() -> None:
    outputs = silent()
    logits = {name: torch.full_like(outputs[name], -12.0).requires_grad_() for name in ("cls_8", "obj_8")}
    found = anchors(outputs | {name: value.sigmoid() for name, value in logits.items()}, SIZE)
    face_distillation(found, with_face(0.9)).backward()
    assert all(value.grad is not None and value.grad.min() < -1e-4 for value in logits.values())
