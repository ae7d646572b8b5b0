# SPDX-License-Identifier: ISC
"""A certificate authority for tests, made with the openssl command line in well under a second.

    import certs

    made = certs.make(self.tmp / 'certs')
    self.spawn(harness.landline(), 'answer', f'tls://:{port}', '--echo', '--cert', made.good.cert, '--key', made.good.key)
    self.run_program(harness.landline(), 'ask', f'tls://localhost:{port}', 'hi', '--ca', made.ca.cert)

Each is a pair of PEM files, NAME.pem and NAME.key, with its pin ("sha256:HEX" of the DER) at hand:

    ca            the authority that the others are signed by
    good          localhost, 127.0.0.1 and ::1; valid for a month
    expired       the same names; ended on 2 January 2020
    early         the same names; begins in 2120
    wrong_name    other.example alone
    client        a client's, "landline test client"
    stranger      the names of good, signed by an authority nobody knows (stranger_ca)
    self_signed   the names of good, signed by itself

and beside them: encrypted.key (good's key under the passphrase "secret"), psk (two identities),
wrong_psk (the first identity with another key).

By hand:  python3 tests/certs.py FOLDER
"""
import hashlib
import os
import pathlib
import ssl
import subprocess
import sys
import types

NAMES = 'DNS:localhost,IP:127.0.0.1,IP:::1'
PASSPHRASE = 'secret'
PSK_IDENTITY = 'line1'
PSK_KEY = '0123456789abcdeffedcba9876543210'

CONFIG = '''
[ca]
default_ca = issuer
[issuer]
database = index.txt
rand_serial = yes
unique_subject = no
new_certs_dir = .
default_md = sha256
policy = anything
email_in_dn = no
copy_extensions = none
[anything]
commonName = supplied
[req]
distinguished_name = empty
[empty]
[ca_ext]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
'''


class Pair:
    """A certificate and its key, by their paths."""

    def __init__(self, folder, name):
        self.cert = str(folder / f'{name}.pem')
        self.key = str(folder / f'{name}.key')

    @property
    def pin(self):
        der = ssl.PEM_cert_to_DER_cert(pathlib.Path(self.cert).read_text())
        return 'sha256:' + hashlib.sha256(der).hexdigest()


def _openssl(folder, *args):
    done = subprocess.run(['openssl', *map(str, args)], cwd=folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False,
                          env={**os.environ, 'OPENSSL_CONF': str(folder / 'openssl.cnf')})
    if done.returncode != 0:
        raise AssertionError(f'openssl {" ".join(map(str, args))}: {done.stdout.decode(errors="replace")}')


def _authority(folder, name, subject):
    _openssl(folder, 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
             '-keyout', f'{name}.key', '-out', f'{name}.pem', '-days', 30, '-subj', f'/CN={subject}',
             '-extensions', 'ca_ext', '-config', 'openssl.cnf')


def _signed(folder, name, subject, names, usage, issuer='ca', start=None, end=None):
    """start, end: YYYYMMDDHHMMSSZ. Only `openssl ca` can date a certificate back."""
    extensions = [f'extendedKeyUsage={usage}', 'basicConstraints=CA:FALSE']
    if names:
        extensions.append(f'subjectAltName={names}')
    (folder / f'{name}.ext').write_text('\n'.join(extensions) + '\n')
    _openssl(folder, 'req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-new',
             '-keyout', f'{name}.key', '-out', f'{name}.csr', '-subj', f'/CN={subject}', '-config', 'openssl.cnf')
    dates = ['-startdate', start, '-enddate', end] if start else ['-days', '30']
    _openssl(folder, 'ca', '-batch', '-notext', '-config', 'openssl.cnf', '-cert', f'{issuer}.pem',
             '-keyfile', f'{issuer}.key', '-in', f'{name}.csr', '-out', f'{name}.pem',
             '-extfile', f'{name}.ext', *dates)


def make(folder):
    """Makes all of it in folder, which is created; returns a namespace of what is listed above."""
    folder = pathlib.Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'openssl.cnf').write_text(CONFIG)
    (folder / 'index.txt').touch()
    _authority(folder, 'ca', 'landline test CA')
    _authority(folder, 'stranger_ca', 'nobody knows this CA')
    server, client = 'serverAuth', 'clientAuth'
    _signed(folder, 'good', 'localhost', NAMES, server)
    _signed(folder, 'expired', 'localhost', NAMES, server, start='20191203000000Z', end='20200102000000Z')
    _signed(folder, 'early', 'localhost', NAMES, server, start='21200101000000Z', end='21210101000000Z')
    _signed(folder, 'wrong_name', 'other.example', 'DNS:other.example', server)
    _signed(folder, 'client', 'landline test client', None, client)
    _signed(folder, 'stranger', 'localhost', NAMES, server, issuer='stranger_ca')
    _openssl(folder, 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
             '-keyout', 'self_signed.key', '-out', 'self_signed.pem', '-days', 30, '-subj', '/CN=localhost',
             '-addext', f'subjectAltName={NAMES}', '-config', 'openssl.cnf')
    _openssl(folder, 'ec', '-in', 'good.key', '-aes256', '-passout', f'pass:{PASSPHRASE}', '-out', 'encrypted.key')
    (folder / 'psk').write_text(f'# identity:key\n{PSK_IDENTITY}:{PSK_KEY}\nline2:{PSK_KEY[::-1]}\n')
    (folder / 'wrong_psk').write_text(f'{PSK_IDENTITY}:{"00" * 16}\n')
    names = ('ca', 'good', 'expired', 'early', 'wrong_name', 'client', 'stranger_ca', 'stranger', 'self_signed')
    return types.SimpleNamespace(
        folder=folder, encrypted_key=str(folder / 'encrypted.key'), psk=str(folder / 'psk'),
        wrong_psk=str(folder / 'wrong_psk'), **{name: Pair(folder, name) for name in names})


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit('usage: certs.py FOLDER')
    for what, value in vars(make(sys.argv[1])).items():
        print(what, getattr(value, 'cert', value), getattr(value, 'pin', ''))
