"""The health check of the container: whether the site can work, and what keeps it from that."""

import os
import sys
import urllib.error
import urllib.request

PORT = os.environ.get("JOBSITE_BIND", "0.0.0.0:8000").rpartition(":")[2]

try:
    urllib.request.urlopen(f"http://127.0.0.1:{PORT}/health/ready", timeout=8).close()
except urllib.error.HTTPError as error:
    sys.exit(error.read().decode())
except OSError as error:
    sys.exit(str(error))
