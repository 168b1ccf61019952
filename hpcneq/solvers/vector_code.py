"""LLVM's vector instructions, written by numba's intrinsics for the compiled kernels of solvers.

LLVM vectorises few loops over complex matrices by itself: it cannot prove that what a kernel reads
and what it writes are different memory. It finds the vectors in straight-line scalar code, but
takes half a minute of processor time for as many operations as a kernel has here. This module and
those that use it need numba at once, and are imported when a kernel is first called. A value of
LLVM, whose library has no types, is Any.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

LANES = 8


class Code:
    """What an intrinsic with these arguments writes; ``count`` is the number of lanes."""

    def __init__(
        self, context: Any, builder: Any, signature: Any, args: Any, count: Any = LANES
    ) -> None:
        self.context, self.builder = context, builder
        self.count = count
        self.arguments = list(zip(signature.args, args))
        self.index = context.get_value_type(types.intp)

    def array(self, k: Any) -> Any:
        """The k-th argument as an array."""
        kind, value = self.arguments[k]
        return self.context.make_array(kind)(self.context, self.builder, value)

    def vector(self, k: Any, count: Any = None) -> Any:
        """Vectors of the real numbers of the k-th argument, an array."""
        return ir.VectorType(
            self.context.get_value_type(self.arguments[k][0].dtype), count or self.count
        )

    def whole(self, number: Any) -> Any:
        """A constant index."""
        return ir.Constant(self.index, number)

    def sum(self, a: Any, b: Any) -> Any:
        """a + b of indices."""
        return self.builder.add(a, b)

    def product(self, a: Any, b: Any) -> Any:
        """a b of indices."""
        return self.builder.mul(a, b)

    def place(self, array: Any, offset: Any, vector: Any) -> Any:
        """Pointer to the vector at an offset."""
        pointer = self.builder.gep(array.data, [offset])
        return self.builder.bitcast(pointer, vector.as_pointer())

    def read(self, array: Any, offset: Any, vector: Any) -> Any:
        """The vector at an offset, of any alignment beyond that of its numbers."""
        return self.taken(self.place(array, offset, vector))

    def taken(self, pointer: Any) -> Any:
        """The vector at a pointer, of any alignment beyond that of its numbers."""
        vector = self.builder.load(pointer)
        vector.align = 4
        return vector

    def write(self, value: Any, array: Any, offset: Any) -> None:
        """Store a vector."""
        self.put(value, self.place(array, offset, value.type))

    def put(self, value: Any, pointer: Any) -> None:
        """Store a vector at a pointer."""
        done = self.builder.store(value, pointer)
        done.align = 4

    def fetch(self, array: Any, offset: Any) -> None:
        """Ask for the cache line at an offset, to be read; it may be past the array's end."""
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        function = cgutils.get_or_insert_function(self.builder.module, kind, "llvm.prefetch.p0i8")
        pointer = self.builder.bitcast(self.builder.gep(array.data, [offset]), byte)
        how = [number(value) for value in (0, 2, 1)]  # to read, second cache, data
        self.builder.call(function, [pointer, *how])

    def row(self, j: Any, part: Any, parts: Any = 4) -> Any:
        """Offset of a part of site j in a plane."""
        wide = self.product(j, self.whole(parts * self.count))
        return self.sum(wide, self.whole(part * self.count))

    def shuffle(self, a: Any, b: Any, order: Any) -> Any:
        """The chosen entries of two vectors."""
        mask = ir.Constant(ir.VectorType(ir.IntType(32), len(order)), list(order))
        return self.builder.shuffle_vector(a, b, mask)

    def joined(self, parts: Any) -> Any:
        """Vectors one behind the other as one; as many as a power of two."""
        while len(parts) > 1:
            parts = [
                self.shuffle(a, b, range(2 * a.type.count)) for a, b in zip(parts[::2], parts[1::2])
            ]
        return parts[0]

    def every_second(self, vector: Any, first: Any) -> Any:
        """Every second entry of a vector, from the first or the second on."""
        return self.shuffle(vector, vector, range(first, vector.type.count, 2))

    def spread(self, number: Any) -> Any:
        """A number in every lane."""
        count = self.count
        empty = ir.Constant(ir.VectorType(number.type, count), ir.Undefined)
        first = self.builder.insert_element(empty, number, ir.Constant(ir.IntType(32), 0))
        return self.shuffle(first, empty, [0] * count)

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        """a b + c."""
        bits = 64 if a.type.element == ir.DoubleType() else 32
        kind = ir.FunctionType(a.type, [a.type] * 3)
        name = f"llvm.fmuladd.v{a.type.count}f{bits}"
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(function, [a, b, c])

    def add_product(self, a: Any, b: Any, total: Any) -> Any:
        """total + a b; without a total a b."""
        if total is None:
            return self.builder.fmul(a, b)
        return self.fma(a, b, total)

    def less(self, a: Any) -> Any:
        """-a."""
        return self.builder.fneg(a)

    def number(self, array: Any, offset: Any) -> Any:
        """The number at an offset, in every lane."""
        return self.spread(self.builder.load(self.builder.gep(array.data, [offset])))

    def sides(self, array: Any) -> Any:
        """The two sides of a matrix."""
        return cgutils.unpack_tuple(self.builder, array.shape)

    def alternating(self, number: Any) -> Any:
        """-number, number, -number ...: what i times complex numbers makes of swapped parts."""
        signs = [-1.0, 1.0] * (self.count // 2)
        kind = ir.VectorType(number.type, self.count)
        return self.builder.fmul(ir.Constant(kind, signs), self.spread(number))

    def couple(self, re: Any, im: Any, couplings: Any) -> Any:
        """(re, im) + m (x, y) for (x, y, real part of m, its imaginary part or None)."""
        for x, y, real, imag in couplings:
            re, im = self.fma(real, x, re), self.fma(real, y, im)
            if imag is not None:
                re, im = self.fma(self.less(imag), y, re), self.fma(imag, x, im)
        return re, im

    def nothing(self) -> Any:
        """What an intrinsic without a value returns."""
        return self.context.get_dummy_value()
