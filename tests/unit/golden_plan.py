#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Makes a profile, a CSV and, from the words of plan.h alone, the plan hash they must have; prints
golden_plan.h; and the same for a profile that needs version 2. Shares no code with the product: JSON is Python's own, BLAKE2b and SHA-256 are hashlib's."""
import hashlib
import json
import pathlib
import re
import struct

SEED = bytes(range(32))
ROWS = [('001014000000083', 'b', 'AB12' * 16, 'first'), ('001014000000158', 'a', '00ff' * 8, 'se,cond'),
        ('001014000000224', 'b', 'c0de' * 8, '4:x')]

profile = '''title = "Golden"
credential name { tag = 300 type = identity from = column }
credential key { tag = 300 type = psk from = column }
credential made { tag = 5 type = psk bytes = 24 }
credential as { tag = 5 type = identity template = "{{{IMEI}}@x" }
policy { rework = never families = {nrf9160} digest_forms = {exact, nul} }
'''
csv = 'IMEI,Lot,PSK,PSK_Identity\n' + ''.join(
    ','.join('"%s"' % f if ',' in f else f for f in row) + '\n' for row in ROWS)




def credential(name, tag, kind, source, **more):
    return {'bytes': 0, 'column': '', 'days': 0, 'line_ending': 'lf', 'name': name, 'pem': '',
            'source': source, 'tag': tag, 'template': '', 'type': kind, **more}


def policy(slots, **more):
    return {'attempts': 3, 'attestation': 'off', 'digest_forms': ['exact'], 'existing': 'replace',
            'families': [], 'finish': 'cfun0', 'label': 'off', 'log_imei': False, 'log_unit': False,
            'minimum_firmware': '', 'rework': 'local', **more,
            'slots': [{'state': s, 'tag': t, 'type': k} for s, t, k in slots]}


def canonical(document):
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=True) + '\n'


KEY = hashlib.blake2b(b'gapseal/plan/v1\n', key=SEED, digest_size=32).digest()


def hidden(tag, kind, value):
    message = struct.pack('<Q', tag * 256 + kind) + value
    return hashlib.blake2b(message, key=KEY, digest_size=16).hexdigest()


def line(imei, lot, values):
    return imei + ',' + lot + ''.join(',%d:%s' % (len(v), v) for v in values) + '\n'


text = canonical({
    'schema': 'gapseal/plan/v1', 'batch': 'b1', 'ca': '', 'org': 'acme', 'title': 'Golden',
    'credentials': [credential('made', 5, 3, 'derived', bytes=24),
                    credential('as', 5, 4, 'template', template='{{{IMEI}}@x'),
                    credential('key', 300, 3, 'column', column='psk'),
                    credential('name', 300, 4, 'column', column='psk_identity')],
    'lots': [{'count': 2, 'name': 'b'}, {'count': 1, 'name': 'a'}],
    'policy': policy([('digest', t, k) for t, k in ((5, 3), (5, 4), (300, 3), (300, 4))],
                     digest_forms=['exact', 'nul'], families=['nrf9160'], rework='never'),
})
for imei, lot, psk, name in ROWS:
    text += line(imei, lot, ['{%s}@x' % imei, hidden(300, 3, psk.lower().encode()), name])

# Version 2: certificates of two kinds in two lots, a password, something deleted, something expected.
SPECIMENS = pathlib.Path(__file__).parent.parent / 'vectors' / 'x509'
ROWS_2 = [('001014000000083', 'b', 'c.pem', 'c.key', 'specimen words'), ('001014000000158', 'a', '', '', ''),
          ('001014000000224', 'b', 'd.pem', 'd.key', '')]
FILES = {'c.pem': 'p256.pem', 'c.key': 'p256-encrypted.key', 'd.pem': 'rsa2048.pem', 'd.key': 'rsa2048.key'}
profile_2 = """credential issued { tag = 7 type = cert cn = "{imei}" days = 9 chain = true lots = {a} }
credential made { tag = 7 type = key lots = a }
credential cert { tag = 7 type = cert from = path line_ending = crlf }
credential key { tag = 7 type = key from = path password_column = Secret }
credential old { tag = 8 type = psk from = delete }
credential there { tag = 9 type = ca from = expect }
"""
csv_2 = 'imei,lot,client_cert,client_key,secret\n' + ''.join(','.join(row) + '\n' for row in ROWS_2)


def block(name):
    """The first PEM block of a specimen; all of them have 64 columns and LF."""
    found = re.search('-----BEGIN .*?-----END [^\n]*\n', (SPECIMENS / name).read_text(), re.DOTALL)
    return found.group(0)


later = {'chain': False, 'lots': [], 'password': ''}
text_2 = canonical({
    'schema': 'gapseal/plan/v2', 'batch': 'b1', 'ca': block('p384.pem'), 'org': 'acme', 'title': '',
    'credentials': [credential('cert', 7, 1, 'path', column='client_cert', line_ending='crlf', **later),
                    credential('issued', 7, 1, 'issued', days=9, template='{imei}',
                               **{**later, 'chain': True, 'lots': ['a']}),
                    credential('key', 7, 2, 'path', column='client_key', **{**later, 'password': 'Secret'}),
                    credential('made', 7, 2, 'generated', **{**later, 'lots': ['a']}),
                    credential('old', 8, 3, 'delete', **later),
                    credential('there', 9, 0, 'expect', **later)],
    'lots': [{'count': 2, 'name': 'b'}, {'count': 1, 'name': 'a'}],
    'policy': policy([('digest', 7, 1), ('digest', 7, 2), ('absent', 8, 3), ('present', 9, 0)]),
})
for imei, lot, cert, key, password in ROWS_2:
    if lot == 'a':
        text_2 += line(imei, lot, [imei])
        continue
    written = block(FILES[cert]).replace('\n', '\r\n').encode()
    secret = block(FILES[key]).encode() + (b'\0' + password.encode() if password else b'')
    text_2 += line(imei, lot, [hidden(7, 1, hashlib.sha256(written).digest()),
                               hidden(7, 2, hashlib.sha256(secret).digest())])


def literal(name, value):
    lines = ['\t"%s\\n"' % line.replace('"', '\\"') for line in value.splitlines()]
    print('#define %s \\' % name)
    print(' \\\n'.join(lines))


print('/* SPDX-License-Identifier: ISC */')
print('/* Printed by golden_plan.py, which shares no code with the product: do not edit. */')
print('#ifndef GAPSEAL_GOLDEN_PLAN_H\n#define GAPSEAL_GOLDEN_PLAN_H\n')
literal('GOLDEN_PROFILE', profile)
literal('GOLDEN_CSV', csv)
print('#define GOLDEN_PLAN_HASH "%s"' % hashlib.sha256(text.encode()).hexdigest())
literal('GOLDEN_PROFILE_2', profile_2)
literal('GOLDEN_CSV_2', csv_2)
print('#define GOLDEN_PLAN_HASH_2 "%s"' % hashlib.sha256(text_2.encode()).hexdigest())
print('\n#endif')
