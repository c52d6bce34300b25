"""The operators as Python sees them: schemas, autograd, shapes without data, torch.compile, errors,
and the example of manifolds/README.md.

Usage: operators_test.py LIBGYROSEG_MANIFOLDS_SO TORCH_FOLDER [unittest's arguments]
Exits with 77 where this Python's torch is not the LibTorch that the library was built with.
"""

import contextlib
import io
import pathlib
import re
import sys
import unittest
import warnings

LIBRARY, TORCH = (pathlib.Path(p).resolve() for p in sys.argv[1:3])
ROOT = pathlib.Path(__file__).resolve().parents[2]

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
C = 0.7


def points(*shape, dim=-1, dtype=F64):
    """Random points of the ball of C, up to 0.8 of its radius."""
    x = torch.randn(*shape, dtype=F64)
    radius = torch.rand_like(x.narrow(dim, 0, 1)) * 0.8 / C**0.5
    return (radius * x / x.norm(dim=dim, keepdim=True)).to(dtype)


def hyperboloid(space, c, dim=-1):
    """[X0, Xs] of the space part Xs."""
    return torch.cat([(1 / c + space.square().sum(dim, keepdim=True)).sqrt(), space], dim)


def lorentz(*shape, dim=-1, dtype=F64):
    return hyperboloid(torch.randn(*shape, dtype=F64), C, dim).to(dtype)


def tangents(*shape, dim=-1, dtype=F64):
    return torch.randn(*shape, dtype=dtype)


def offsets(classes, _, dim=-1, dtype=F64):
    return torch.randn(classes, dtype=dtype)


PAIR = "(Tensor x, Tensor y, Tensor c, int dim=-1) -> Tensor"
# name: (schema of issue 4, item 6; what its tensors are; kind). A "pair" broadcasts, a "map" has
# one tensor, "all pairs" and "classes" have [K,D] as further tensors.
OPERATORS = {
    "poincare_dist": (PAIR, (points, points), "pair"),
    "poincare_sqdist": (PAIR, (points, points), "pair"),
    "poincare_cdist": (PAIR.replace(", int dim=-1", ""), (points, points), "all pairs"),
    "poincare_expmap0": ("(Tensor v, Tensor c, int dim=-1) -> Tensor", (tangents,), "map"),
    "poincare_logmap0": ("(Tensor y, Tensor c, int dim=-1) -> Tensor", (points,), "map"),
    "poincare_mobius_add": (PAIR, (points, points), "pair"),
    "polar_dist": (PAIR.replace("x", "v").replace("y", "w"), (tangents, tangents), "pair"),
    "lorentz_dist": (PAIR, (lorentz, lorentz), "pair"),
    "poincare_mlr": ("(Tensor x, Tensor p, Tensor a, Tensor c, int dim=-1) -> Tensor",
                     (points, points, tangents), "classes"),
    "polar_mlr": ("(Tensor v, Tensor z, Tensor r, Tensor c, int dim=-1) -> Tensor",
                  (tangents, tangents, offsets), "classes"),
}
ROWS = {"pair": [(4, 3), (4, 3)], "map": [(4, 3)], "all pairs": [(4, 3), (5, 3)],
        "classes": [(4, 3), (2, 3), (2, 3)]}
PIXELS = {"pair": [(2, 3, 2, 2), (3, 1, 2)], "map": [(2, 3, 2, 2)],
          "classes": [(2, 3, 2, 2), (2, 3), (2, 3)]}


def kind_of(name):
    return OPERATORS[name][2]


def curvature(value=C):
    return torch.tensor(value, dtype=F64)


def cases(name, dtype=F64):
    """(tensors, keyword arguments): rows, strided rows, pixels, channels-last pixels."""
    makers, kind = OPERATORS[name][1:]

    def made(sizes, dim):
        dims = [dim if len(size) > 2 or kind == "pair" else -1 for size in sizes]
        return [make(*size, dim=d, dtype=dtype) for make, size, d in zip(makers, sizes, dims)]

    rows = made(ROWS[kind], -1)
    yield rows, {}
    yield [t.repeat_interleave(2, -1)[..., ::2] for t in rows], {}
    if kind in PIXELS:
        pixels = made(PIXELS[kind], -3)
        yield pixels, {"dim": 1}
        yield [t.contiguous(memory_format=torch.channels_last) if t.dim() == 4 else t
               for t in pixels], {"dim": 1}


def every_case(dtype=F64):
    for name in OPERATORS:
        for tensors, keywords in cases(name, dtype):
            yield name, getattr(OPS, name), tensors, keywords


def leaves(tensors, c=None):
    c = curvature() if c is None else c
    return [t.detach().requires_grad_() for t in [*tensors, c]]


class Operators(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)

    def check_each(self, check, dtype=F64):
        for name, op, tensors, keywords in every_case(dtype):
            with self.subTest(operator=name, **keywords):
                check(name, op, tensors, keywords)

    def test_kernels_are_parallel(self):
        # at::parallel_for compiled without OpenMP is a serial loop, silently; a second runtime
        # beside torch's would have threads of its own.
        self.assertIn(b"GOMP_parallel", LIBRARY.read_bytes())
        maps = pathlib.Path("/proc/self/maps").read_text()
        self.assertEqual(len(set(re.findall(r"/\S*libgomp\S*", maps))), 1)

    def test_schemas(self):
        for name, (schema, _, _) in OPERATORS.items():
            self.assertEqual(str(getattr(OPS, name).default._schema), f"gyroseg::{name}{schema}")

    def test_keyword_arguments_and_defaults(self):
        def check(name, op, tensors, keywords):
            names = re.findall(r"Tensor (\w+)", OPERATORS[name][0].split("->")[0])
            c = curvature()
            by_name = op(**dict(zip(names, [*tensors, c])), **keywords)
            self.assertTrue(torch.equal(by_name, op(*tensors, c, **keywords)))
            if kind_of(name) != "all pairs" and not keywords:
                self.assertTrue(torch.equal(by_name, op(*tensors, c, -1)))

        self.check_each(check)

    def test_closed_form(self):
        # d(0, (1/2, 0)) = ln 3 at c = 1 (Nickel & Kiela 2017): a sign or a factor 2 would show.
        half, one = torch.tensor([0.5, 0.0], dtype=F64), curvature(1.0)
        d = OPS.poincare_dist(torch.zeros(2, dtype=F64), half, one)
        self.assertAlmostEqual(d.item(), torch.log(torch.tensor(3.0, dtype=F64)).item(), 15)
        self.assertAlmostEqual(OPS.poincare_logmap0(half, one)[0].item() * 2, d.item(), 15)

    def test_gradcheck(self):
        def check(name, op, tensors, keywords):
            if name == "lorentz_dist":
                # The gradient is ambient, the value is read from the space parts: they agree
                # along the hyperboloid.
                dim = keywords.get("dim", -1) - (4 if keywords else 0)
                space = [t.narrow(dim, 1, t.size(dim) - 1) for t in tensors]

                def f(x, y, c):
                    return op(hyperboloid(x, c, dim), hyperboloid(y, c, dim), c, **keywords)

                self.assertTrue(torch.autograd.gradcheck(f, leaves(space)))
            else:
                def f(*arguments):
                    return op(*arguments, **keywords)

                self.assertTrue(torch.autograd.gradcheck(f, leaves(tensors)))

        self.check_each(check)

    def test_opcheck(self):
        for dtype in (F64, torch.float32, torch.bfloat16):
            self.check_each(self.opcheck, dtype)

    def opcheck(self, name, op, tensors, keywords):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = torch.library.opcheck(op.default, tuple(leaves(tensors)), keywords)
        self.assertEqual(set(result.values()), {"SUCCESS"}, result)

    def test_opcheck_of_backwards(self):
        def check(name, op, tensors, keywords):
            backward = getattr(OPS, name + "_backward").default
            grad = torch.ones_like(op(*tensors, curvature(), **keywords))
            dim = [] if kind_of(name) == "all pairs" else [keywords.get("dim", -1)]
            needed = [] if kind_of(name) == "map" else [[True] * (len(tensors) + 1)]
            logits = [op(*tensors, curvature(), **keywords)] if name.endswith("_mlr") else []
            torch.library.opcheck(backward, (grad, *tensors, curvature(), *dim, *needed, *logits),
                                  test_utils=("test_schema", "test_faketensor"))

        self.check_each(check)

    def test_opcheck_of_forwards_that_keep_sums(self):
        for name in ("poincare_dist", "poincare_sqdist"):
            x, y = 0.1 * torch.randn(2, 3, 5), 0.1 * torch.randn(3, 5)
            torch.library.opcheck(getattr(OPS, name + "_keeping").default, (x, y, curvature(), -1),
                                  test_utils=("test_schema", "test_faketensor"))

    def test_meta_tensors_give_shapes(self):
        for dtype in (F64, torch.half):
            self.check_each(self.check_meta, dtype)

    def check_meta(self, name, op, tensors, keywords):
        real = op(*tensors, curvature(), **keywords)
        meta = op(*(t.to("meta") for t in tensors), curvature().to("meta"), **keywords)
        self.assertEqual((meta.shape, meta.dtype), (real.shape, real.dtype))
        self.assertEqual(meta.device.type, "meta")

    def test_compile_equals_eager(self):
        def check(name, op, tensors, keywords):
            torch._dynamo.reset()

            def f(*arguments):
                return op(*arguments, **keywords).square()

            results = []
            for g in (f, torch.compile(f, backend="aot_eager", fullgraph=True)):
                arguments = leaves(tensors)
                value = g(*arguments)
                value.sum().backward()
                results.append([value.detach(), *(a.grad for a in arguments)])
            for eager, compiled in zip(*results):
                # The same kernels in the same order.
                self.assertTrue(torch.equal(eager, compiled))

        self.check_each(check)

    def test_gradients_have_the_arguments_dtypes_and_shapes(self):
        def check(name, op, tensors, keywords):
            arguments = leaves(tensors, torch.tensor(C))
            op(*arguments, **keywords).float().sum().backward()
            for a in arguments:
                self.assertEqual((a.grad.dtype, a.grad.shape), (a.dtype, a.shape))
                self.assertTrue(a.grad.isfinite().all())

        for dtype in (torch.half, torch.bfloat16, torch.float32):
            self.check_each(check, dtype)

    def test_double_backward_is_a_clear_error(self):
        def check(name, op, tensors, keywords):
            arguments = leaves(tensors)
            value = op(*arguments, **keywords).square().sum()
            gradient = torch.autograd.grad(value, arguments[0], create_graph=True)[0]
            with self.assertRaisesRegex(RuntimeError, name + ": double backward"):
                gradient.sum().backward(retain_graph=True)
            # Autograd runs only what leads to the tensors asked for.
            for a in arguments:
                with self.assertRaisesRegex(RuntimeError, name + ": double backward"):
                    torch.autograd.grad(gradient.sum(), a, retain_graph=True)

        self.check_each(check)

    def test_errors_show_the_value(self):
        def check(name, op, tensors, keywords):
            def refused(part, *arguments, **more):
                message = re.escape(f"{name}: ") + ".*" + re.escape(part)
                with self.assertRaisesRegex(ValueError, message):
                    op(*arguments, **{**keywords, **more})

            for c, part in ((0.0, "got 0"), (-1.5, "got -1.5"), (float("nan"), "got nan"),
                            (float("inf"), "got inf")):
                refused(part, *tensors, curvature(c))
            refused("[1]", *tensors, curvature().view(1))
            refused("Long", *tensors, torch.tensor(1))
            refused("Long", tensors[0].long(), *tensors[1:], curvature())
            if kind_of(name) != "all pairs":
                refused("dim 7", *tensors, curvature(), dim=7)
            if len(tensors) > 1:
                refused("[4, 5]", tensors[0], torch.ones(4, 5), *tensors[2:], curvature())

        self.check_each(check)

    def test_readme_example_runs(self):
        readme = (ROOT / "manifolds/README.md").read_text()
        snippet = re.search(r"```python\n(.*?)```", readme, re.DOTALL).group(1)
        self.assertLessEqual(len([line for line in snippet.splitlines() if line.strip()]), 10)
        path = "build/lib/libgyroseg_manifolds.so"
        self.assertIn(path, snippet)
        scope = {}
        with contextlib.redirect_stdout(io.StringIO()):
            exec(snippet.replace(path, str(LIBRARY)), scope)
        self.assertEqual(scope["d"].shape, (8192, 21))
        for leaf in ("v", "c"):
            self.assertTrue(scope[leaf].grad.isfinite().all())
            self.assertTrue(scope[leaf].grad.abs().sum() > 0)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
