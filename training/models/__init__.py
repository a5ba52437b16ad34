"""The tables of the trainings."""

from training.models.dataset import Dataset
from training.models.inspection import Inspection
from training.models.prediction import Prediction
from training.models.training_job import TrainingJob

__all__ = ["Dataset", "Inspection", "Prediction", "TrainingJob"]
