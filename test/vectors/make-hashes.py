"""
Hashes as other systems write them, by those systems: python3 make-hashes.py > hashes.json
Needs Django 4 or later, bcrypt, argon2-cffi and passlib (pip), and htpasswd (Debian's apache2-utils).
"""
import json
import subprocess
import sys
from importlib.metadata import version

import argon2
import bcrypt
import django
from django.conf import settings

HASHERS = ["PBKDF2PasswordHasher", "PBKDF2SHA1PasswordHasher", "Argon2PasswordHasher", "BCryptSHA256PasswordHasher",
           "BCryptPasswordHasher", "ScryptPasswordHasher"]
settings.configure(PASSWORD_HASHERS=[f"django.contrib.auth.hashers.{name}" for name in HASHERS])
django.setup()
from django.contrib.auth.hashers import get_hasher, make_password
from passlib.hash import scrypt as passlib_scrypt

# Fewer rounds than the systems take, so that a test does not: the format is what is tried. One of each has the system's own.
FEW = {"pbkdf2_sha256": 2000, "pbkdf2_sha1": 2000, "bcrypt": 5, "bcrypt_sha256": 5}
vectors = []


def add(system, password, hash):
    vectors.append({"system": system, "password": password, "hash": hash})


for password in ["analytical engine", "ключ 🗝", "A\u030angstro\u0308m", "x" * 72]:
    for name in ["pbkdf2_sha256", "pbkdf2_sha1", "bcrypt", "bcrypt_sha256"]:
        hasher = get_hasher(name)
        if name.startswith("bcrypt"):
            hasher.rounds = FEW[name]
            add(f"Django {name}", password, hasher.encode(password, hasher.salt()))
        else:
            add(f"Django {name}", password, hasher.encode(password, hasher.salt(), FEW[name]))
    for prefix in [b"2a", b"2b"]:
        add(f"bcrypt {prefix.decode()}", password, bcrypt.hashpw(password.encode(), bcrypt.gensalt(5, prefix)).decode())
    run = subprocess.run(["htpasswd", "-nbBC", "5", "x", password], capture_output=True, text=True, check=True)
    add("htpasswd -B", password, run.stdout.strip().split(":", 1)[1])
    add("passlib scrypt", password, passlib_scrypt.using(rounds=10).hash(password))
    for kind, name in [(argon2.Type.ID, "argon2id"), (argon2.Type.I, "argon2i"), (argon2.Type.D, "argon2d")]:
        hasher = argon2.PasswordHasher(time_cost=2, memory_cost=1024, parallelism=2, type=kind)
        add(f"argon2-cffi {name}", password, hasher.hash(password))
for name in ["pbkdf2_sha256", "pbkdf2_sha1", "argon2", "bcrypt", "bcrypt_sha256", "scrypt"]:
    add(f"Django {name}, its own rounds", "analytical engine", make_password("analytical engine", hasher=name))
add("Django, unusable", "", make_password(None))
by = {name: version(name) for name in ["django", "bcrypt", "argon2-cffi", "passlib"]}
json.dump({"by": by, "vectors": vectors}, sys.stdout, ensure_ascii=False, indent=1)
print()
