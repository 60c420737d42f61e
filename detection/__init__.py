"""Detection: what can be known about faces and voices.  Only these names are for others."""

from detection.challenge import ASK, NEUTRAL, CodePlan, LightPlan, MotionPlan, Plan, ask_light
from detection.control import Captured, Learned, Left, Load, Scored
from detection.evidence import Evidence, Outcome
from detection.fusion import Record, Score, State, dump, explain, judge, load
from detection.light_verdict import WORTH_ANOTHER
from detection.maps import MappedPicture, OcclusionMap
from detection.models import CannotFetch, Condition, Lock, read_lock
from detection.models import check as check_models
from detection.models import install as install_models
from detection.notes import Asked, CameraSaid, Enrolled, Template, Withdrawn
from detection.service import Detection, DetectionConfig, DetectionWorkerSpec

__all__ = [
    "ASK",
    "NEUTRAL",
    "WORTH_ANOTHER",
    "Asked",
    "CameraSaid",
    "CannotFetch",
    "Captured",
    "CodePlan",
    "Condition",
    "Detection",
    "DetectionConfig",
    "DetectionWorkerSpec",
    "Enrolled",
    "Evidence",
    "Learned",
    "Left",
    "LightPlan",
    "Load",
    "Lock",
    "MappedPicture",
    "MotionPlan",
    "OcclusionMap",
    "Outcome",
    "Plan",
    "Record",
    "Score",
    "Scored",
    "State",
    "Template",
    "Withdrawn",
    "ask_light",
    "check_models",
    "dump",
    "explain",
    "install_models",
    "judge",
    "load",
    "read_lock",
]
