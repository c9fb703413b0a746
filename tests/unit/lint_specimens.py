#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes tests/vectors/lint: for every refusal of the office's linter one profile and one CSV with
exactly one fault, and index.json with the code and the place it must be found at. (Notices about
columns without a meaning of their own come along.)

    lint_specimens.py DIRECTORY
"""
import json
import pathlib
import sys

out = pathlib.Path(sys.argv[1])
index = []

PSK = 'credential psk { tag = 77 type = psk from = %s }\n'
IDENTITY = 'credential identity { tag = 77 type = identity %s }\n'
PAIR = PSK % 'derived' + IDENTITY % 'template = "nrf-{imei}"'
COLUMNS = PSK % 'column' + IDENTITY % 'from = column'
CA = 'credential ca { tag = 7 type = ca files = {"../x509/%s"} }\n'
CERT = ('credential key { tag = 77 type = key }\n'
        'credential cert { tag = 77 type = cert cn = "%s" days = 3650 }\n')


PATHS = ('credential cert { tag = 77 type = cert from = path }\n'
         'credential key { tag = 77 type = key from = path %s }\n')
OWN = 'credential cert { tag = 77 type = cert from = path }\ncredential key { tag = 77 type = key from = expect }\n'
PASSWORD = PATHS % 'password_column = secret'


def imei(n, tac='00101400'):
    digits = '%s%06d' % (tac, n)
    total = 0
    for i, c in enumerate(digits):
        d = int(c) * (2 if i % 2 else 1)
        total += d - 9 if d > 9 else d
    return digits + str((10 - total % 10) % 10)


A, B, C = imei(1), imei(2), imei(3)
KEY = ['%032x' % (0x5ec7e7 * 7919 ** i % 2 ** 128) for i in (9, 10, 11)]
GOOD = 'imei\n%s\n%s\n%s\n' % (A, B, C)


def csv(*rows):
    return '\n'.join(','.join(row) for row in rows) + '\n'


def specimen(code, conf, table, place, severity='error', name=None, ca=None):
    """place: ('csv' or 'conf', line, field); 0 for none. name: of a second specimen for one code. ca: the
    issuing CA, in ../x509."""
    name = name or code
    for suffix, text in (('conf', conf), ('csv', table)):
        data = text if isinstance(text, bytes) else text.encode()
        (out / (name + '.' + suffix)).write_bytes(data)
    file, line, field = place
    index.append({'name': name, 'code': code, 'severity': severity, 'file': name + '.' + file,
                  'line': line, 'field': field, 'ca': ca or ''})


def table(code, text, line, field, severity='error', name=None, conf=PAIR):
    specimen(code, conf, text, ('csv', line, field), severity, name)


def profile(code, text, line, severity='error', name=None, rows=GOOD, ca=None):
    specimen(code, text, rows, ('conf', line, 0), severity, name, ca)


# The form of the CSV.
table('csv-empty', '', 0, 0)
table('csv-utf16', GOOD.encode('utf-16'), 1, 0)
table('csv-utf16', GOOD.encode('utf-16-le'), 1, 0, name='csv-utf16-no-mark')
table('csv-separator', csv(['imei', 'lot'], [A, 'a1'], [B, 'a1']).replace(',', ';'), 1, 1)
table('csv-separator', csv(['imei', 'lot'], [A, 'a1'], [B, 'a1']).replace(',', '\t'), 1, 1,
      name='csv-separator-tab')
table('csv-header', csv(['imei', ''], [A, 'x']), 1, 2)
table('csv-header', csv(['imei', ' lot'], [A, 'x']), 1, 2, name='csv-header-blank')
table('csv-header', csv(['imei', 'n' * 41], [A, 'x']), 1, 2, name='csv-header-long')
table('csv-column-twice', csv(['imei', 'lot', 'LOT'], [A, 'x', 'x']), 1, 3)
table('csv-columns', csv(['imei'] + ['serial'] * 64, [A] + ['x'] * 64), 1, 0)
table('csv-imei', csv(['lot', 'serial'], ['x', 'y']), 1, 0)
table('csv-rows', 'imei\n', 0, 0)
table('csv-blank', csv(['imei'], [A], [''], [B]), 3, 0)
table('csv-blank', csv(['imei'], [A], [B]) + '\n', 4, 0, name='csv-blank-end')
table('csv-line', csv(['imei', 'serial'], [A, 'x' * 65536], [B, 'y']), 2, 0)
table('csv-line', csv(['imei', 'serial'], [A, 'x\ry'], [B, 'y']), 2, 0, name='csv-line-return')
table('csv-quote', csv(['imei', 'serial'], [A, 'x"y'], [B, 'y']), 2, 2)
table('csv-quote', csv(['imei', 'serial'], [A, '"x" '], [B, 'y']), 2, 2, name='csv-quote-after')
table('csv-quote', csv(['imei', 'serial'], [A, '"x'], [B, 'y']), 2, 2, name='csv-quote-open')
table('csv-fields', csv(['imei', 'serial'], [A], [B, 'y']), 2, 2)
table('csv-fields', csv(['imei', 'serial'], [A, 'x', 'y'], [B, 'y']), 2, 3, name='csv-fields-many')
table('csv-field', csv(['imei', 'serial'], [A, 'x' * 4097], [B, 'y']), 2, 2)
table('csv-control', csv(['imei', 'serial'], [A, 'x\0y'], [B, 'y']), 2, 2)
table('csv-control', csv(['imei', 'serial'], [A, 'x\ty'], [B, 'y']), 2, 2, name='csv-control-tab')
table('csv-utf8', csv(['imei', 'serial'], [A, 'gr\u00fcn'], [B, 'y']).encode('latin-1'), 2, 2)
table('csv-column', csv(['imei', 'colour'], [A, 'red'], [B, 'blue']), 1, 2, 'notice')

# IMEIs.
table('imei-length', csv(['imei'], [A], [B[:14]]), 3, 1)
table('imei-length', csv(['imei'], [A], [B[:14] + '01']), 3, 1, name='imei-length-sv')
table('imei-digits', csv(['imei'], [A], ['0O' + B[2:]]), 3, 1)
table('imei-digits', csv(['imei'], [A], ['3.52656E+14']), 3, 1, name='imei-digits-exponent')
table('imei-zero', csv(['imei'], [A], ['0' * 15]), 3, 1)
table('imei-check-digit', csv(['imei'], [A], [B[:14] + str((int(B[14]) + 1) % 10)]), 3, 1)
table('imei-duplicate', csv(['imei'], [A], [B], [C], [A]), 5, 1)

# The form of the profile.
profile('config-form', PAIR + 'policy { attempts = 3\n', 3)
profile('config-form', PAIR + 'title = "${HOME}"\n', 3, name='config-form-dollar')
profile('config-option', PAIR + 'titel = "x"\n', 3)
profile('config-option', PAIR + 'policy { attempts = 3\nattempts = 4 }\n', 4, name='config-option-twice')
profile('config-value', PAIR + 'policy { attempts = 042 }\n', 3)
profile('config-section', PAIR + 'policy { attempts = 3 }\npolicy { attempts = 3 }\n', 4)
profile('config-section', PAIR + 'credential psk { tag = 43 }\n', 3, name='config-section-title')
profile('profile-title', PAIR + 'title = "%s"\n' % ('x' * 81), 3)
profile('profile-empty', 'title = "x"\n', 0)
profile('profile-count', ''.join('credential n%d { tag = %d type = ca files = "../x509/p256.pem" }\n' % (i, i)
                                 for i in range(33)), 33)
profile('profile-name', PAIR + 'credential "My CA" { tag = 77 type = ca files = "../x509/p256.pem" }\n', 3)
profile('profile-missing', PAIR + 'credential ca { tag = 77 type = ca }\n', 3)
profile('profile-missing', PAIR + 'credential ca { type = ca files = "../x509/p256.pem" }\n', 3,
        name='profile-missing-tag')
profile('profile-missing', PAIR + 'credential ca { tag = 77 files = "../x509/p256.pem" }\n', 3,
        name='profile-missing-type')
profile('profile-missing', 'credential key { tag = 77 type = key }\ncredential empty { }\n'
        'credential cert { tag = 77 type = cert cn = "{imei}" days = 1 }\n', 2, name='profile-missing-all')
profile('profile-option', PAIR.replace('derived', 'derived column = psk'), 1)
profile('profile-value', PAIR.replace('derived', 'derived\nbytes = 15'), 2)
profile('profile-value', PAIR.replace('derived', 'derived\nbytes = 65'), 2, name='profile-value-long')
profile('profile-value', PAIR.replace('derived', '\nfiles'), 2, name='profile-value-from')
profile('profile-value', PAIR + CA.replace('}\n', 'line_ending = cr }\n') % 'p256.pem', 3,
        name='profile-value-ending')
for name, text in (('attempts', 'attempts = 0'), ('choice', 'rework = sometimes'),
                   ('forms', 'digest_forms = {nul}'), ('families', 'families = {nrf9160, nrf9160}'),
                   ('firmware', 'minimum_firmware = "1.3"')):
    profile('profile-policy', PAIR + 'policy {\n%s\n}\n' % text, 4,
            name='profile-policy' if name == 'attempts' else 'profile-policy-' + name)
profile('policy-family', PAIR + 'policy {\nfamilies = {nrf9161}\n}\n', 4, 'warning')
profile('template-form', PAIR.replace('{imei}', '{imei'), 2)
profile('template-form', PAIR.replace('nrf-{imei}', ''), 2, name='template-form-empty')
profile('slot-tag', PAIR + 'credential ca { tag = 2147483648 type = ca files = "../x509/p256.pem" }\n', 3)
profile('slot-twice', PAIR + IDENTITY.replace('identity {', 'again {') % 'template = "{imei}"', 3)
profile('cert-key', 'credential cert { tag = 77 type = cert cn = "{imei}" days = 9 }\n'
        'credential ca { tag = 77 type = ca files = "../x509/p256.pem" }\n', 1)
profile('slot-state', PAIR + 'credential one { tag = 7 type = ca from = delete lots = b }\n' + CA % 'p256.pem', 4,
        rows=csv(['imei', 'lot'], [A, 'a'], [B, 'b']))
profile('tag-known', PAIR.replace('77', '16842753'), 1, 'notice')
profile('tag-known', PAIR.replace('77', '42'), 1, 'notice', name='tag-known-42')
profile('profile-value', PAIR.replace('derived', 'derived lots = {a, a}'), 1, name='profile-value-lots')
profile('profile-option', OWN.replace('from = path', 'from = path password_column = x'), 1,
        name='profile-option-password', rows=csv(['imei', 'client_cert'], [A, 'files/p256.pem']))
profile('slot-half', PSK % 'derived', 1, 'warning', name='slot-half-psk')
profile('slot-half', IDENTITY % 'template = "{imei}"', 1, 'warning', name='slot-half-identity')
profile('slot-half', 'credential key { tag = 77 type = key }\n', 1, 'warning', name='slot-half-key')

# Certificates.
profile('pem-file', PAIR + CA % 'is-not-there.pem', 3)
profile('pem-none', PAIR + CA.replace('../x509/%s', 'pem-none.csv'), 3)
(out / 'broken.pem').write_text('-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n')
profile('pem-parse', PAIR + CA.replace('../x509/%s', 'broken.pem'), 3)
(out / 'large.txt').write_text(('x' * 63 + '\n') * 1025)
profile('pem-file', PAIR + CA.replace('../x509/%s', 'large.txt'), 3, name='pem-file-large')
profile('content-size', PAIR + 'credential ca { tag = 7 type = ca files = {%s} }\n' %
        ', '.join(['"../x509/p256.pem"'] * 12), 3)
profile('pem-weak', PAIR + CA % 'rsa1024.pem', 3, 'warning')
profile('pem-version', PAIR + CA % 'version1.pem', 3, 'warning')
profile('pem-expired', PAIR + CA % 'p256-expired.pem', 3, 'warning')
profile('pem-no-ca', PAIR + CA % 'p256-not-ca.pem', 3, 'warning')

# Profile and CSV together.
profile('csv-missing', COLUMNS, 2, rows=csv(['imei', 'psk'], [A, KEY[0]], [B, KEY[1]]))
profile('template-column', PAIR.replace('{imei}', '{serial}'), 2)
profile('template-constant', PAIR.replace('{imei}', '{{imei}'), 2)
profile('template-secret', PSK % 'column' + IDENTITY % 'template = "{imei}-{PSK}"', 2,
        rows=csv(['imei', 'psk'], [A, KEY[0]]))
profile('template-secret', PSK % 'column column = seed' + IDENTITY % 'template = "{Seed}"', 2,
        rows=csv(['imei', 'seed'], [A, KEY[0]]), name='template-secret-column')
profile('plan-ca', CERT % 'nrf-{imei}', 0, 'notice')
profile('cert-outlives', CERT.replace('3650', '36500') % 'nrf-{imei}', 2, 'warning', ca='p256.pem')
profile('pem-version', CERT % 'nrf-{imei}', 0, 'warning', name='pem-version-issuer', ca='version1.pem')
profile('content-size', CERT.replace('days', 'chain = true days') % 'nrf-{imei}', 2, name='content-size-chain',
        ca='../lint/files/six.pem')
profile('identity-colon', PAIR.replace('nrf-', 'urn:imei:'), 2, 'notice')
profile('template-secret', PASSWORD + 'credential psk { tag = 1 type = psk }\n'
        'credential name { tag = 1 type = identity template = "{Secret}" }\n', 4, name='template-secret-password',
        rows=csv(['imei', 'client_cert', 'client_key', 'secret'],
                 [A, 'files/p256.pem', 'files/p256-encrypted.key', 'specimen words']))
profile('csv-missing', PASSWORD, 2, name='csv-missing-password',
        rows=csv(['imei', 'client_cert', 'client_key'], [A, 'files/p256.pem', 'files/p256.key']))
table('csv-unused', csv(['imei', 'client_key'], [A, 'x']), 1, 2, 'warning', name='csv-unused-key')
table('csv-unused', csv(['imei', 'psk'], [A, KEY[0]]), 1, 2, 'warning')
serial = PAIR.replace('{imei}', '{serial}')
table('field-empty', csv(['imei', 'serial'], [A, 'x'], [B, '']), 3, 2, conf=serial)
table('field-blank', csv(['imei', 'serial'], [A, 'x'], [B, 'y ']), 3, 2, conf=serial)
table('identity-duplicate', csv(['imei', 'serial'], [A, 'x'], [B, 'y'], [C, 'x']), 4, 0, conf=serial)
table('identity-duplicate', csv(['imei', 'psk', 'psk_identity'], [A, KEY[0], 'x'], [B, KEY[1], 'x']), 3, 3,
      conf=COLUMNS, name='identity-duplicate-column')
table('content-byte', csv(['imei', 'serial'], [A, 'x'], [B, '"y""z"']), 3, 0, conf=serial)
table('content-byte', csv(['imei', 'serial'], [A, 'x'], [B, 'gr\u00fcn']), 3, 0, conf=serial,
      name='content-byte-letter')
table('content-size', csv(['imei', 'serial'], [A, 'x'], [B, 'y' * 4090]), 3, 0, conf=serial,
      name='content-size-row')
issued = CERT % '{serial}'
table('cn-size', GOOD, 2, 0, conf=CERT % ('x' * 50 + '{imei}'), name='cn-size-template')
table('cn-size', csv(['imei', 'serial'], [A, 'x' * 64], [B, 'y' * 65]), 3, 0, conf=issued)
table('cn-byte', csv(['imei', 'serial'], [A, 'x'], [B, 'gr\u00fcn']), 3, 0, conf=issued)
table('cn-duplicate', csv(['imei', 'serial'], [A, 'x'], [B, 'y'], [C, 'x']), 4, 0, conf=issued)


def psk(code, value, severity='error', name=None, line=3):
    table(code, csv(['imei', 'psk', 'psk_identity'], [A, KEY[0], 'x'], [B, value, 'y']), line, 2, severity,
          name, COLUMNS)


psk('psk-hex', KEY[1][:-1] + 'g')
psk('psk-odd', KEY[1] + 'a')
psk('psk-short', KEY[1][:30])
psk('psk-duplicate', KEY[0])
psk('psk-long', KEY[1] * 4 + 'ab', 'warning')
psk('psk-text', b'example-weak-psk'.hex(), 'warning')
psk('psk-text', 'c0de0bad' * 8, 'warning', name='psk-text-pattern')
psk('psk-case', 'ABCDEF' + KEY[1][6:], 'notice')
psk('field-empty', '', name='field-empty-psk')
psk('field-blank', ' ' + KEY[1], name='field-blank-psk')

table('lot-name', csv(['imei', 'lot'], [A, 'a1'], [B, 'A1']), 3, 2)
table('lot-name', csv(['imei', 'lot'], [A, 'a1'], [B, '']), 3, 2, name='lot-name-empty')
long = ['name%d' % i for i in range(5)]
profile('record-size',
        ''.join('credential psk%d { tag = %d type = psk }\n'
                'credential name%d { tag = %d type = identity column = name%d }\n' % ((i,) * 5)
                for i in range(5)), 0,
        rows=csv(['imei'] + long, [A] + ['x' * 4000] * 5))

# Lots with credentials of their own.
LOTS = csv(['imei', 'lot'], [A, 'a'], [B, 'b'], [C, 'b'])
profile('lot-unknown', PAIR + CA.replace('}\n', 'lots = {a, c} }\n') % 'p256.pem' +
        CA.replace('credential ca', 'credential other') % 'p384.pem', 3, rows=LOTS)
profile('lot-slots', PAIR + CA.replace('}\n', 'lots = a }\n') % 'p256.pem', 3, rows=LOTS)
profile('slot-twice', PAIR + CA.replace('}\n', 'lots = {a, b} }\n') % 'p256.pem' +
        CA.replace('credential ca', 'credential other').replace('}\n', 'lots = {b} }\n') % 'p384.pem', 4,
        rows=LOTS, name='slot-twice-lots')
profile('cert-key', PATHS % 'lots = b' + 'credential made { tag = 77 type = key lots = a }\n', 1,
        rows=csv(['imei', 'lot', 'client_cert', 'client_key'], [A, 'a', 'files/rsa2048.pem', ''],
                 [B, 'b', 'files/p256.pem', 'files/p256.key']), name='cert-key-lots')
table('identity-duplicate', csv(['imei', 'lot', 'serial'], [A, 'a', 'x'], [B, 'b', 'x'], [C, 'b', 'y']), 3, 0,
      conf=PSK % 'derived' + IDENTITY % 'template = "1-{serial}"' +
      (IDENTITY % 'template = "{lot}-{serial}" lots = b').replace('identity {', 'other {').replace('{lot}', '1'),
      name='identity-duplicate-lots')
table('lot-tac', csv(['imei'], *[[imei(i)] for i in range(1, 12)], [imei(1, '00101401')]), 13, 1, 'warning')

# Certificates and keys of the devices.
files = out / 'files'
files.mkdir(exist_ok=True)
for name in ('p256.pem', 'p256.key', 'p256-encrypted.key', 'p256-expired.pem', 'version1.pem', 'rsa1024.pem',
             'rsa1024.key', 'rsa2048.pem', 'rsa2048.key'):
    (files / name).write_bytes((out.parent / 'x509' / name).read_bytes())
(files / 'six.pem').write_text((files / 'rsa2048.pem').read_text() * 6)
(files / 'broken.key').write_text('-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n')
(files / 'sealed.key').write_text('-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n'
                                  '\nMAA=\n-----END EC PRIVATE KEY-----\n')


def path(code, cert, key, column, severity='error', name=None, conf=PATHS % '', secret=None):
    """A device of its own, and one after it."""
    rows = [['imei', 'client_cert', 'client_key'], [A, 'files/rsa2048.pem', 'files/rsa2048.key'],
            [B, cert, key]]
    if secret is not None:
        for row, text in zip(rows, ('secret', '', secret)):
            row.append(text)
    table(code, csv(*rows), 3, column, severity, name, conf)


GOOD_CERT, GOOD_KEY, SEALED_KEY = 'files/p256.pem', 'files/p256.key', 'files/p256-encrypted.key'
path('path-form', '../x509/p256.pem', GOOD_KEY, 2)
path('path-form', GOOD_CERT, '/files/p256.key', 3, name='path-form-absolute')
path('path-form', GOOD_CERT, 'files/../files/p256.key', 3, name='path-form-up')
path('path-form', 'files//p256.pem', GOOD_KEY, 2, name='path-form-part')
path('path-form', GOOD_CERT, './files/p256.key', 3, name='path-form-dot')
path('path-file', GOOD_CERT, 'files/none.key', 3)
path('path-file', 'large.txt', GOOD_KEY, 2, name='path-file-large')
path('path-file', 'files', GOOD_KEY, 2, name='path-file-folder')
path('field-empty', GOOD_CERT, '', 3, name='field-empty-path')
path('pem-none', GOOD_KEY, GOOD_KEY, 2, name='pem-none-path')
path('pem-parse', 'broken.pem', GOOD_KEY, 2, name='pem-parse-path')
path('pem-parse', GOOD_CERT, 'files/broken.key', 3, name='pem-parse-key')
path('content-size', 'files/six.pem', GOOD_KEY, 2, name='content-size-path')
path('key-none', GOOD_CERT, GOOD_CERT, 3)
path('key-none', GOOD_CERT, 'files/sealed.key', 3, name='key-none-sealed')
path('key-match', GOOD_CERT, 'files/rsa1024.key', 3)
path('key-password', GOOD_CERT, SEALED_KEY, 3)
path('key-password', GOOD_CERT, SEALED_KEY, 4, name='key-password-empty', conf=PASSWORD, secret='')
path('key-password', GOOD_CERT, SEALED_KEY, 3, name='key-password-wrong', conf=PASSWORD, secret='specimen word')
path('key-password', GOOD_CERT, GOOD_KEY, 4, name='key-password-idle', conf=PASSWORD, secret='specimen words')
path('key-password', GOOD_CERT, SEALED_KEY, 4, name='key-password-long', conf=PASSWORD, secret='x' * 33)
table('path-duplicate', csv(['imei', 'client_cert'], [A, GOOD_CERT], [B, 'files/rsa2048.pem'], [C, GOOD_CERT]), 4, 2,
      conf=OWN)
path('pem-weak', 'files/rsa1024.pem', 'files/rsa1024.key', 2, 'warning', name='pem-weak-path')
path('pem-version', 'files/version1.pem', GOOD_KEY, 2, 'warning', name='pem-version-path')
path('pem-expired', 'files/p256-expired.pem', GOOD_KEY, 2, 'warning', name='pem-expired-path')
profile('slot-half', OWN.split('\n')[0] + '\n', 1, 'warning', name='slot-half-cert',
        rows=csv(['imei', 'client_cert'], [A, GOOD_CERT]))
profile('cert-key', OWN.replace('expect', 'generated'), 1, rows=csv(['imei', 'client_cert'], [A, GOOD_CERT]),
        name='cert-key-path')

# Many faults at once; not in the index.
(out / 'all.conf').write_text(PSK % 'column' + 'credential other { tag = 43 type = psk bytes = 1 }\n' +
                              IDENTITY % 'template = "{imei}"' + 'credential ca { tag = 77 type = ca }\n')
(out / 'all.csv').write_text(csv(['imei', 'psk', 'lot'], [A[:13], KEY[0], 'a'], [B, KEY[1], 'A'], [''],
                                 [B, KEY[2][:20], 'a'], [C, 'x' * 32, 'a'], [imei(4), KEY[2], 'a', '']))

(out / 'index.json').write_text(json.dumps(index, indent=1) + '\n')
