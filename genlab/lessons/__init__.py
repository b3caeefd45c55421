"""Stations of a lecture as data: set-up, words, what to do, a question, and how the lab notices that it was done."""

from genlab.lessons.lesson import Lesson, Question, Sign, Station
from genlab.lessons.read import LessonError, read_lesson
from genlab.lessons.shelf import BUILT_IN, Shelf, shelf

__all__ = ["BUILT_IN", "Lesson", "LessonError", "Question", "Shelf", "Sign", "Station", "read_lesson", "shelf"]
