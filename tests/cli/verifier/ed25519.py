# SPDX-License-Identifier: ISC
"""Ed25519 verification (RFC 8032), strict as FORMAT.md section 1 asks: no cofactor, no small order, canonical encodings."""
import functools
import hashlib

P = 2 ** 255 - 19
L = 2 ** 252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)  # of -1
NOTHING = (0, 1, 1, 0)          # the neutral point; points are x, y, z, t with t = xy/z


def add(a, b):
    s, t = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    u, v = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = t - s, v - u, v + u, t + s
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar, point):
    result = NOTHING
    while scalar > 0:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def is_nothing(point):
    return point[0] % P == 0 and (point[1] - point[2]) % P == 0


def decode(data):
    """The point of 32 bytes; None unless it is the canonical encoding of one."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2 ** 255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P != 0:
        x = x * ROOT % P
    if (x * x - square) % P != 0 or (x == 0 and sign == 1):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def encode(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


@functools.lru_cache(maxsize=None)
def is_key(data):
    """May these 32 bytes be a public key: a point other than the neutral one in the subgroup of order L?"""
    point = decode(data)
    return point is not None and not is_nothing(point) and is_nothing(multiply(L, point))


@functools.lru_cache(maxsize=None)
def verify(key, message, signature):
    if len(signature) != 64 or not is_key(key):
        return False
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    point = decode(r)
    if s >= L or point is None or is_nothing(multiply(8, point)):
        return False
    h = int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L
    x, y, z, t = decode(key)
    return encode(add(multiply(s, BASE), multiply(h, (P - x, y, z, P - t)))) == r
