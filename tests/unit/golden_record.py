#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Makes one whole record from the words of keys.h, state.h, contents.h, record.h and seal.h with
nothing but Python's standard library, and prints golden_record.h. Independent of libsodium and of
libcrypto: BLAKE2b and SHA-256 are hashlib's, ChaCha20 and Poly1305 are written out here (RFC 8439,
draft-irtf-cfrg-xchacha-03) and checked against their published examples first."""
import hashlib
import struct


def quarter(s, a, b, c, d):
    for x, y, z, bits in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[x] = (s[x] + s[y]) & 0xFFFFFFFF
        s[z] ^= s[x]
        s[z] = ((s[z] << bits) | (s[z] >> (32 - bits))) & 0xFFFFFFFF


def rounds(key, sixteen):
    s = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *struct.unpack("<8I", key),
         *struct.unpack("<4I", sixteen)]
    start = list(s)
    for _ in range(10):
        for column in range(4):
            quarter(s, column, 4 + column, 8 + column, 12 + column)
        for i in range(4):
            quarter(s, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return start, s


def chacha20_block(key, counter, nonce12):
    start, s = rounds(key, struct.pack("<I", counter) + nonce12)
    return struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(start, s)))


def hchacha20(key, nonce16):
    _, s = rounds(key, nonce16)
    return struct.pack("<8I", *s[:4], *s[12:])


def poly1305(key, message):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for i in range(0, len(message), 16):
        total = (total + int.from_bytes(message[i:i + 16] + b"\x01", "little")) * r % (2**130 - 5)
    return ((total + int.from_bytes(key[16:], "little")) % 2**128).to_bytes(16, "little")


def xchacha20poly1305(key, nonce24, associated, plain):
    subkey, nonce12 = hchacha20(key, nonce24[:16]), bytes(4) + nonce24[16:]
    stream = b"".join(chacha20_block(subkey, 1 + i, nonce12) for i in range((len(plain) + 63) // 64))
    sealed = bytes(a ^ b for a, b in zip(plain, stream))
    padded = b"".join(x + bytes(-len(x) % 16) for x in (associated, sealed))
    lengths = struct.pack("<QQ", len(associated), len(sealed))
    return sealed, poly1305(chacha20_block(subkey, 0, nonce12)[:32], padded + lengths)


def check_primitives():
    key, nonce = bytes(range(32)), bytes.fromhex("000000090000004a0000000031415927")
    assert hchacha20(key, nonce).hex() == (
        "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc")
    plain = (b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
             b"sunscreen would be it.")
    sealed, mac = xchacha20poly1305(bytes(range(0x80, 0xA0)), bytes(range(0x40, 0x58)),
                                    bytes.fromhex("50515253c0c1c2c3c4c5c6c7"), plain)
    assert sealed.hex().startswith("bd6d179d3e83d43b9576579493c0e939")
    assert mac.hex() == "c0875924c1c7987947deafd8780acf49"


def blake2b(size, key, *parts):
    return hashlib.blake2b(b"".join(parts), digest_size=size, key=key).digest()


def kdf(size, key, number, context):
    return hashlib.blake2b(digest_size=size, key=key, salt=struct.pack("<Q", number) + bytes(8),
                           person=context.encode() + bytes(8)).digest()


def sha256(data):
    return hashlib.sha256(data).digest()


IMEI = "490154203237518"
BATCH, LOT, INDEX = "acme-eu-000001", 3, 200000
SEED = bytes(range(32))
PLAN = sha256(b"a plan\n")
CA = b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
COMMON = [sha256(CA), sha256(b"another common content\n")]


def main():
    check_primitives()
    v = {"seed": SEED, "plan": PLAN}
    v["batch_key"] = blake2b(32, SEED, b"gapseal/batch/v1\n", PLAN)
    v["lot_key"] = kdf(32, v["batch_key"], LOT, "gs-lot__")
    v["lot_check"] = kdf(32, v["lot_key"], 0, "gs-check")
    v["tag_key"] = kdf(32, v["lot_key"], 0, "gs-tag__")
    v["tag"] = blake2b(16, v["tag_key"], IMEI.encode())
    v["root"] = kdf(32, v["lot_key"], INDEX, "gs-rec__")
    keys, commits = kdf(64, v["root"], 0, "gs-keys_"), kdf(64, v["root"], 1, "gs-cmts_")
    v["aead_key"], v["nonce_key"] = keys[:32], keys[32:]
    v["blind"], v["commitment"] = commits[:32], commits[32:]
    v["credentials"] = kdf(32, v["batch_key"], 0, "gs-cred_")
    v["device"] = blake2b(32, v["credentials"], IMEI.encode())
    v["psk"] = kdf(32, v["device"], 42 * 256 + 3, "gs-psk__")
    v["psk_16"] = kdf(16, v["device"], 42 * 256 + 3, "gs-psk__")
    v["psk_64"] = kdf(64, v["device"], 42 * 256 + 3, "gs-psk__")
    v["ec_seed"] = kdf(32, v["device"], 2147483647 * 256 + 2, "gs-ec___")
    v["serial"] = kdf(16, v["device"], 16842753 * 256 + 1, "gs-cert_")

    psk, identity = v["psk"].hex().encode(), b"nrf-" + IMEI.encode()
    attributes, usage = b"CN=golden", b"101010000"
    steps = [
        struct.pack("<BIBB", 1, 42, 3, 0) + struct.pack("<H", len(psk)) + psk + b"\0",
        struct.pack("<BIBB", 1, 42, 4, 0) + struct.pack("<H", len(identity)) + identity + b"\0",
        struct.pack("<BIBBH", 1, 16842753, 0, 1, 0),
        struct.pack("<BIB", 2, 42, 1),
        struct.pack("<BIH", 3, 9, len(attributes)) + attributes + bytes([len(usage)]) + usage,
        struct.pack("<BIB", 4, 7, 0),
    ]
    contents = b"\x01" + IMEI.encode() + bytes([len(steps)]) + b"".join(steps)
    stride = -(-(len(contents) + 1 + 120) // 64) * 64
    plain = contents + b"\x80" + bytes(stride - 120 - len(contents) - 1)
    text = "".join((
        "gapseal/state/v1\n", v["blind"].hex() + "\n", "imei " + IMEI + "\n",
        "7,0,present\n", "9,2,present\n", "42,1,absent\n",
        "42,3,%s\n" % sha256(psk).hex(), "42,4,%s\n" % sha256(identity).hex(),
        "16842753,0,%s\n" % COMMON[0].hex()))
    v["state"] = sha256(text.encode())
    v["common"] = sha256(struct.pack("<I", len(COMMON)) + b"".join(COMMON))
    v["associated"] = (b"gapseal/record/v1\n" + bytes([len(BATCH)]) + BATCH.encode() +
                       struct.pack("<IQI", LOT, INDEX, stride) + v["tag"] + v["state"] + v["common"])
    v["nonce"] = blake2b(24, v["nonce_key"], struct.pack("<Q", len(v["associated"])), v["associated"],
                         struct.pack("<Q", len(plain)), plain)
    sealed, mac = xchacha20poly1305(v["aead_key"], v["nonce"], v["associated"], plain)
    v["plain"] = plain
    v["record"] = v["tag"] + v["commitment"] + v["state"] + v["nonce"] + sealed + mac
    assert len(v["record"]) == stride

    print("/* SPDX-License-Identifier: ISC */")
    print("/* Printed by golden_record.py, which shares no code with the product: do not edit. */")
    print("#ifndef GAPSEAL_GOLDEN_RECORD_H\n#define GAPSEAL_GOLDEN_RECORD_H\n\n#include <stdint.h>\n")
    print('#define GOLDEN_IMEI "%s"\n#define GOLDEN_BATCH "%s"' % (IMEI, BATCH))
    print("#define GOLDEN_LOT %d\n#define GOLDEN_INDEX %d\n#define GOLDEN_STRIDE %d" % (LOT, INDEX, stride))
    print('#define GOLDEN_CA \\\n\t"%s"' % CA.decode().replace("\n", "\\n"))
    print('#define GOLDEN_COMMON_1 "another common content\\n"\n')
    for name, value in v.items():
        print("static const uint8_t golden_%s[%d] = {" % (name, len(value)))
        for i in range(0, len(value), 16):
            print("\t" + " ".join("0x%02x," % b for b in value[i:i + 16]))
        print("};")
    print("\n#endif")


main()
