"""Refuse the network to every Python process that has this folder on its PYTHONPATH, and write down what it reads.

Addresses of this machine itself stay allowed: Jupyter talks to its kernels over them. What a process and its children
read goes to the file that the variable DARKROOM_READS names, if it is set; tools/build/store.py makes use of it.
"""

import importlib.machinery
import importlib.util
import ipaddress
import os
import socket
import sys

DEAD_PROXY = ("127.0.0.1", 9)  # where the pipeline points the proxy variables, for programs other than Python


def refuse(event, args):
    """Audit hook: raise if a socket is about to leave this machine."""
    if not event.startswith("socket."):
        return
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = args[1]
        host = address[0] if isinstance(address, tuple) else None  # a text is a file on this machine
        if host is not None and (not is_local(host) or address[:2] == DEAD_PROXY):
            raise ConnectionRefusedError(explain(address))
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        if not is_local(args[0]):
            raise socket.gaierror(socket.EAI_FAIL, explain(args[0]))


def is_local(host):
    """Return whether a host name or number is this machine."""
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if not isinstance(host, str) or host in ("", "localhost", socket.gethostname()):
        return True
    try:
        number = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False  # any other name
    return number.is_loopback or number.is_unspecified


def explain(address):
    return f"the network is refused here (tests/offline): a chapter must run without it, and this one wants {address}"


def writer(log):
    """Return an audit hook that writes to the file `log` which files are opened and which folders listed, each once.

    Installed packages are left out, and the folders in which `import` looks for modules or packages.
    """
    own = os.path.realpath(sys.prefix) + os.sep if sys.prefix != sys.base_prefix else "no folder"
    file, known = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT), set()

    def write(event, args):
        if event == "open":
            kind = "wrote" if (args[2] or 0) & (os.O_WRONLY | os.O_RDWR) else "read"
        elif event in ("os.listdir", "os.scandir"):
            if "importlib" in sys._getframe(1).f_code.co_filename:
                return
            kind = "listed"
        else:
            return
        try:
            place = os.path.realpath(os.fsdecode("." if args[0] is None else args[0]))
        except (TypeError, ValueError):  # a file that is open already, by its number; what is no name of a file
            return
        line = f"{kind} {place}\n"
        if line not in known and not place.startswith(own):
            known.add(line)
            os.write(file, os.fsencode(line))

    return write


def next_sitecustomize():
    """Run the sitecustomize that this one hides, if there is any."""
    here = os.path.dirname(os.path.abspath(__file__))
    others = [folder for folder in sys.path if os.path.abspath(folder or ".") != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if spec and spec.loader:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


sys.addaudithook(refuse)
if os.environ.get("DARKROOM_READS"):
    sys.addaudithook(writer(os.environ["DARKROOM_READS"]))
next_sitecustomize()
