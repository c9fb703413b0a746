# SPDX-License-Identifier: ISC
"""Sections 6 to 10 of FORMAT.md, for those who hold a key: the key hierarchy, a record opened, contents, the plan hash."""
import hashlib
import struct

from .forms import demand


def blake(size, key, *parts):
    return hashlib.blake2b(b"".join(parts), digest_size=size, key=key).digest()


def kdf(size, key, number, context):
    return hashlib.blake2b(digest_size=size, key=key, salt=struct.pack("<QQ", number, 0),
                           person=context.encode() + bytes(8)).digest()


# XChaCha20-Poly1305.

def quarter(x, a, b, c, d):
    for left, right, other, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        x[left] = (x[left] + x[right]) & 0xffffffff
        mixed = x[other] ^ x[left]
        x[other] = (mixed << turn | mixed >> (32 - turn)) & 0xffffffff


def rounds(state):
    x = list(state)
    for _ in range(10):
        for i in range(4):
            quarter(x, i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(x, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return x


def stream(key, nonce, count):
    """Blocks of ChaCha20 under the subkey of the first 16 bytes of the nonce."""
    constant = struct.unpack("<4I", b"expand 32-byte k")
    x = rounds(constant + struct.unpack("<8I", key) + struct.unpack("<4I", nonce[:16]))
    subkey = tuple(x[:4] + x[12:])
    blocks = []
    for counter in range(count):
        state = constant + subkey + (counter, 0) + struct.unpack("<2I", nonce[16:])
        blocks.append(struct.pack("<16I", *((a + b) & 0xffffffff for a, b in zip(state, rounds(state)))))
    return blocks


def poly1305(key, message):
    r = int.from_bytes(key[:16], "little") & 0x0ffffffc0ffffffc0ffffffc0fffffff
    total = 0
    for at in range(0, len(message), 16):
        total = (total + int.from_bytes(message[at:at + 16] + b"\1", "little")) * r % (2 ** 130 - 5)
    return ((total + int.from_bytes(key[16:], "little")) % 2 ** 128).to_bytes(16, "little")


def padded(data):
    return data + bytes(-len(data) % 16)


def decrypt(key, nonce, associated, ciphertext, tag):
    blocks = stream(key, nonce, 1 + (len(ciphertext) + 63) // 64)
    lengths = struct.pack("<QQ", len(associated), len(ciphertext))
    demand(poly1305(blocks[0][:32], padded(associated) + padded(ciphertext) + lengths) == tag, "record-open")
    return bytes(a ^ b for a, b in zip(ciphertext, b"".join(blocks[1:])))


# Keys, and a record opened with them.

def batch_key(seed, plan_hash):
    return blake(32, seed, b"gapseal/batch/v1\n", plan_hash)


def lot_keys(k_lot):
    """check, tag key"""
    return kdf(32, k_lot, 0, "gs-check"), kdf(32, k_lot, 0, "gs-tag__")


def record_keys(root):
    """AEAD key, nonce key, blind, commitment"""
    keys = kdf(64, root, 0, "gs-keys_") + kdf(64, root, 1, "gs-cmts_")
    return tuple(keys[i:i + 32] for i in range(0, 128, 32))


def associated_data(manifest, lot, index, record):
    batch = manifest["batch"].encode()
    digests = [bytes.fromhex(c["digest"]) for c in manifest["common"]]
    common = hashlib.sha256(struct.pack("<I", len(digests)) + b"".join(digests)).digest()
    place = struct.pack("<IQI", lot, index, manifest["stride"])
    return b"gapseal/record/v1\n" + bytes([len(batch)]) + batch + place + record[:16] + record[48:80] + common


def open_record(manifest, lot, index, record, root):
    """The padded contents."""
    aead, nonce_key, _, commitment = record_keys(root)
    demand(commitment == record[16:48], "record-commitment")
    associated = associated_data(manifest, lot, index, record)
    plain = decrypt(aead, record[80:104], associated, record[104:-16], record[-16:])
    lengths = [struct.pack("<Q", len(x)) for x in (associated, plain)]
    demand(blake(24, nonce_key, lengths[0], associated, lengths[1], plain) == record[80:104], "record-nonce")
    return plain


def contents(plain):
    """The IMEI and the steps of a record, as far as the compiler makes them: (tag, type, content or number of a common one)."""
    demand(plain[0] == 1, "record-contents")
    steps, at = [], 17
    for _ in range(plain[16]):
        op, tag, kind, shared = struct.unpack_from("<BIBB", plain, at)
        demand(op == 1 and shared <= 1, "record-contents")
        number, = struct.unpack_from("<H", plain, at + 7)
        at += 9
        if shared:
            steps.append((tag, kind, number))
            continue
        steps.append((tag, kind, plain[at:at + number]))
        at += number + 1 + plain[at + number]
    demand(plain[at:] == b"\x80" + bytes(len(plain) - at - 1), "record-contents")
    return plain[1:16].decode(), steps


def state_text(blind, imei, slots):
    """What the state commitment is the hash of; slots: (tag, type, digest in hex or a word)."""
    rows = ["%d,%d,%s\n" % slot for slot in slots]
    return "gapseal/state/v1\n%s\nimei %s\n%s" % (blind.hex(), imei, "".join(rows))
