"""Models of the downloads app."""

from downloads.models.category import Category
from downloads.models.defaults import Defaults
from downloads.models.download import Download
from downloads.models.download_file import DownloadFile
from downloads.models.engine import Engine
from downloads.models.network import BannedPeer, ListenPort
from downloads.models.seeding_goal import SeedingPlan
from downloads.models.speed_plan import PersonSpeed, SpeedPlan
from downloads.models.traffic import Traffic

__all__ = [
    "BannedPeer",
    "Category",
    "Defaults",
    "Download",
    "DownloadFile",
    "Engine",
    "ListenPort",
    "PersonSpeed",
    "SeedingPlan",
    "SpeedPlan",
    "Traffic",
]
