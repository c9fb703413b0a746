#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Makes a profile, a CSV and, from the words of plan.h alone, the plan hash they must have; prints
golden_plan.h. Shares no code with the product: JSON is Python's own, BLAKE2b and SHA-256 are hashlib's."""
import hashlib
import json
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


document = {
    'schema': 'gapseal/plan/v1', 'batch': 'b1', 'ca': '', 'org': 'acme', 'title': 'Golden',
    'credentials': [credential('made', 5, 3, 'derived', bytes=24),
                    credential('as', 5, 4, 'template', template='{{{IMEI}}@x'),
                    credential('key', 300, 3, 'column', column='psk'),
                    credential('name', 300, 4, 'column', column='psk_identity')],
    'lots': [{'count': 2, 'name': 'b'}, {'count': 1, 'name': 'a'}],
    'policy': {'attempts': 3, 'attestation': 'off', 'digest_forms': ['exact', 'nul'], 'existing': 'replace',
               'families': ['nrf9160'], 'finish': 'cfun0', 'label': 'off', 'log_imei': False,
               'log_unit': False, 'minimum_firmware': '', 'rework': 'never',
               'slots': [{'state': 'digest', 'tag': t, 'type': k}
                         for t, k in ((5, 3), (5, 4), (300, 3), (300, 4))]},
}
text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=True) + '\n'
key = hashlib.blake2b(b'gapseal/plan/v1\n', key=SEED, digest_size=32).digest()
for imei, lot, psk, name in ROWS:
    message = struct.pack('<Q', 300 * 256 + 3) + psk.lower().encode()
    mark = hashlib.blake2b(message, key=key, digest_size=16).hexdigest()
    values = ['{%s}@x' % imei, mark, name]
    text += imei + ',' + lot + ''.join(',%d:%s' % (len(v), v) for v in values) + '\n'


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
print('\n#endif')
