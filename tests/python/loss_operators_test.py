"""The loss operators in Python: schemas, values and gradients against plain PyTorch, opcheck,
torch.compile, shapes without data, errors.

Usage: loss_operators_test.py LIBGYROSEG_LOSSES_SO TORCH_FOLDER [unittest's arguments]
Exits with 77 where this Python's torch is not the LibTorch that the library was built with.
"""

import pathlib
import re
import sys
import unittest
import warnings

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIBRARY, TORCH = (pathlib.Path(p).resolve() for p in sys.argv[1:3])

try:
    import torch
except ImportError as error:
    print(f"skipped: {sys.executable} has no torch ({error})")
    sys.exit(77)
if pathlib.Path(torch.__file__).resolve().parent != TORCH:
    print(f"skipped: the library was built with {TORCH}, this Python has {torch.__file__}")
    sys.exit(77)

torch.ops.load_library(str(LIBRARY))
OPS = torch.ops.gyroseg
F64 = torch.float64
VOID = 255

# 0 and 5 at the top; 5 > 2 > {1, 4}, 5 > 3; 6 below 3 alone. Leaves 0, 1, 4, 6.
PARENT = torch.tensor([-1, 2, 5, 5, 2, -1, 3])
LEAF_NODE = torch.tensor([4, 0, 6, 1])
NODES, CLASSES = len(PARENT), len(LEAF_NODE)

INPUTS = "(Tensor logits, Tensor labels, Tensor parent, Tensor leaf_node, "
# name: (schema, its last arguments)
OPERATORS = {
    "tree_min_loss": (INPUTS + "float gamma, int ignore_index) -> Tensor", (2.0, VOID)),
    "rmi_loss": (INPUTS + "int radius, int pool, int ignore_index) -> Tensor", (3, 3, VOID)),
}


def ancestors(v):
    return [] if v < 0 else [v, *ancestors(PARENT[v].item())]


def batch(dtype=F64, form=torch.contiguous_format, size=(20, 23)):
    logits = (2 * torch.randn(2, NODES, *size, dtype=F64)).to(dtype)
    labels = torch.randint(0, CLASSES, (2, *size))
    labels[torch.rand(labels.shape) < 0.15] = VOID
    return logits.contiguous(memory_format=form).requires_grad_(), labels


def one_hot(logits, labels):
    target = torch.zeros_like(logits)
    for i, leaf in enumerate(LEAF_NODE.tolist()):
        for v in ancestors(leaf):
            target[:, v][labels == i] = 1
    return target


def plain_tree_min(logits, labels, gamma, _):
    s, target = logits.sigmoid(), one_hot(logits, labels)
    valid = (labels != VOID).unsqueeze(1)
    p = torch.stack([s[:, ancestors(v)].min(1)[0] for v in range(NODES)], 1)
    q = torch.stack([s[:, [u for u in range(NODES) if v in ancestors(u)]].max(1)[0]
                     for v in range(NODES)], 1)
    term = -target * (1 - p) ** gamma * p.log() - (1 - target) * q ** gamma * (1 - q).log()
    return (term * valid).sum((0, 2, 3)) / valid.sum()


def plain_rmi(logits, labels, radius, pool, _):
    def patches(t):
        pooled = torch.nn.functional.max_pool2d(t, pool, pool, padding=pool // 2)
        x = torch.nn.functional.unfold(pooled.flatten(0, 1).unsqueeze(1), radius)
        return x - x.mean(-1, keepdim=True)

    y = patches(one_hot(logits, labels))
    p = patches(logits.sigmoid() * (labels != VOID).unsqueeze(1) + 1e-6)
    alpha = 1e-3 * torch.eye(radius**2, dtype=F64)
    m = y @ y.mT - y @ p.mT @ torch.inverse(p @ p.mT + alpha) @ p @ y.mT + alpha
    root = torch.linalg.cholesky(m).diagonal(dim1=-2, dim2=-1)
    return (root + 1e-8).log().sum(-1).view(-1, NODES).mean(0) / radius**2


PLAIN = {"tree_min_loss": plain_tree_min, "rmi_loss": plain_rmi}


def value_and_gradient(f, logits, mix):
    leaf = logits.detach().clone(memory_format=torch.preserve_format).requires_grad_()
    value = f(leaf)
    value.backward(mix.to(value.dtype))
    return value.detach(), leaf.grad


class LossOperators(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)

    def each(self):
        for name, (_, last) in OPERATORS.items():
            with self.subTest(operator=name):
                yield name, getattr(OPS, name), last

    def test_schemas(self):
        for name, op, _ in self.each():
            self.assertEqual(str(op.default._schema), f"gyroseg::{name}{OPERATORS[name][0]}")

    def test_equal_plain_pytorch(self):
        mix = torch.randn(NODES, dtype=F64)
        for name, op, last in self.each():
            for form in (torch.contiguous_format, torch.channels_last):
                logits, labels = batch(form=form)
                ours = value_and_gradient(lambda z: op(z, labels, PARENT, LEAF_NODE, *last),
                                          logits, mix)
                theirs = value_and_gradient(lambda z: PLAIN[name](z, labels, *last), logits, mix)
                for own, other in zip(ours, theirs):
                    torch.testing.assert_close(own, other, rtol=1e-8, atol=1e-10)
                self.assertEqual(ours[1].stride(), logits.stride())

    def test_strides_of_single_pixels_mean_nothing(self):
        for name, op, last in self.each():
            last = (1, *last[1:]) if name == "rmi_loss" else last
            for size in ((20, 1), (1, 20), (1, 1)):
                logits, labels = batch(size=size)
                # As a transposed [B,V,1,H] has them: contiguous all the same.
                strides = [s if n > 1 else 40 for s, n in zip(logits.stride(), logits.shape)]
                free = logits.detach().as_strided(logits.shape, strides).requires_grad_()
                self.assertTrue(free.is_contiguous())
                results = []
                for leaf in (logits, free):
                    op(leaf, labels, PARENT, LEAF_NODE, *last).sum().backward()
                    results.append(leaf.grad)
                self.assertTrue(torch.equal(*results))

    def test_narrow_dtypes(self):
        for name, op, last in self.each():
            for dtype, tolerance in ((torch.float32, 1e-4), (torch.bfloat16, 1e-2),
                                     (torch.half, 2e-3)):
                logits, labels = batch(dtype)
                mix = torch.ones(NODES)
                value, grad = value_and_gradient(
                    lambda z: op(z, labels, PARENT, LEAF_NODE, *last), logits, mix)
                self.assertEqual((value.dtype, grad.dtype), (dtype, dtype))
                wide, by_wide = value_and_gradient(
                    lambda z: PLAIN[name](z, labels, *last), logits.to(F64), mix)
                torch.testing.assert_close(value.to(F64), wide, rtol=tolerance, atol=tolerance)
                largest = by_wide.abs().max()
                self.assertLess((grad.to(F64) - by_wide).abs().max(), tolerance * largest)

    def test_opcheck(self):
        for name, op, last in self.each():
            for dtype in (F64, torch.float32, torch.bfloat16):
                for form in (torch.contiguous_format, torch.channels_last):
                    logits, labels = batch(dtype, form, (12, 12))
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        result = torch.library.opcheck(op.default,
                                                       (logits, labels, PARENT, LEAF_NODE, *last))
                    self.assertEqual(set(result.values()), {"SUCCESS"}, result)

    def test_opcheck_of_the_general_rmi_and_of_backwards(self):
        logits, labels = batch(size=(12, 12))
        inputs = (logits.detach(), labels, PARENT, LEAF_NODE)
        grad = torch.randn(NODES, dtype=F64)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.library.opcheck(OPS.rmi_terms.default,
                                  (logits, *inputs[1:], 2, 3, 2, True, VOID))
        no_autograd = ("test_schema", "test_faketensor")
        torch.library.opcheck(OPS.tree_min_loss_backward.default, (grad, *inputs, 2.0, VOID),
                              test_utils=no_autograd)
        settings = (2, 3, 2, True, VOID)
        torch.library.opcheck(OPS.rmi_terms_keeping.default, (*inputs, *settings),
                              test_utils=no_autograd)
        value, *kept = OPS.rmi_terms_keeping(*inputs, *settings)
        self.assertTrue(torch.equal(value, OPS.rmi_terms(*inputs, *settings)))
        torch.library.opcheck(OPS.rmi_terms_backward.default, (grad, *inputs, *kept, *settings),
                              test_utils=no_autograd)
        with self.assertRaisesRegex(ValueError, r"rmi_loss: expected by_patch \[14,4,8\]"):
            OPS.rmi_terms_backward(grad, *inputs, kept[0][:1], kept[1], *settings)

    def test_meta_tensors_give_shapes(self):
        for _, op, last in self.each():
            logits, labels = batch(torch.half)
            meta = op(*(t.to("meta") for t in (logits, labels, PARENT, LEAF_NODE)), *last)
            self.assertEqual((meta.shape, meta.dtype, meta.device.type),
                             ((NODES,), torch.half, "meta"))

    def test_compile_equals_eager(self):
        for _, op, last in self.each():
            torch._dynamo.reset()
            logits, labels = batch()

            def f(z):
                return op(z, labels, PARENT, LEAF_NODE, *last).square()

            mix = torch.ones(NODES)
            eager = value_and_gradient(f, logits, mix)
            compiled = value_and_gradient(torch.compile(f, backend="aot_eager", fullgraph=True),
                                          logits, mix)
            for own, other in zip(eager, compiled):  # the same kernels in the same order
                self.assertTrue(torch.equal(own, other))

    def test_double_backward_is_a_clear_error(self):
        for name, op, last in self.each():
            logits, labels = batch()
            value = op(logits, labels, PARENT, LEAF_NODE, *last).square().sum()
            gradient = torch.autograd.grad(value, logits, create_graph=True)[0]
            with self.assertRaisesRegex(RuntimeError, name + ": double backward"):
                gradient.sum().backward(retain_graph=True)
            # Autograd runs only what leads to the tensors asked for.
            with self.assertRaisesRegex(RuntimeError, name + ": double backward"):
                torch.autograd.grad(gradient.square().sum(), logits)
            with self.assertRaisesRegex(RuntimeError, name + ": double backward"):
                torch.autograd.functional.hessian(
                    lambda z: op(z, labels, PARENT, LEAF_NODE, *last).sum(), logits.detach())

    def test_errors_show_the_value(self):
        for name, op, last in self.each():
            logits, labels = batch()

            def refused(part, *tensors):
                with self.assertRaisesRegex(ValueError, name + ": .*" + re.escape(part)):
                    op(*tensors, *last)

            refused("[2, 4, 20, 23]", logits[:, :4], labels, PARENT, LEAF_NODE)
            refused("[2, 20]", logits, labels[..., 0], PARENT, LEAF_NODE)
            refused("got 4", logits, labels.clamp(max=4), PARENT, LEAF_NODE)
            refused("Int", logits, labels, PARENT.int(), LEAF_NODE)
            refused("leaf_node[0] is node 2", logits, labels, PARENT, torch.tensor([2, 0, 6, 1]))
            refused("Long", logits.long(), labels, PARENT, LEAF_NODE)

    def test_the_example_of_the_docs_runs(self):
        text = (ROOT / "docs/loss_operators.md").read_text()
        snippet = re.search(r"```python\n(.*?)```", text, re.DOTALL).group(1)
        path = "build/lib/libgyroseg_losses.so"
        self.assertIn(path, snippet)
        scope = {}
        exec(snippet.replace(path, str(LIBRARY)), scope)
        for terms in (scope["focal"], scope["rmi"]):
            self.assertEqual(terms.shape, (6,))
            self.assertTrue(terms.isfinite().all())
        self.assertGreater(scope["logits"].grad.abs().sum(), 0)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
