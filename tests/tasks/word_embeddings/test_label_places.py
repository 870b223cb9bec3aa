import itertools

import numpy as np
import pytest

from keras_suite.tasks.word_embeddings.label_places import HEIGHT, WIDTH, place_labels

NOTHING = np.zeros((0, 2))


def box(middle, label, size):
    return middle, np.array([len(label) * size * WIDTH, size * HEIGHT]) / 2


def overlap(one, other):
    (a, half), (b, other_half) = one, other
    return bool((np.abs(a - b) < half + other_half).all())


@pytest.mark.parametrize("distance", [2, 10, 20, 60])
def test_labels_of_close_points_do_not_cover_each_other(distance):
    points = np.array([(0, 0), (distance, 0), (0, distance)], float)
    labels = ["woman", "queen", "actress"]
    middles, _ = place_labels(points, labels, 8, NOTHING)
    boxes = [box(middle, label, 8) for middle, label in zip(middles, labels, strict=True)]
    assert not any(overlap(*pair) for pair in itertools.combinations(boxes, 2))


def test_a_label_stands_to_the_right_unless_something_is_there():
    alone, _ = place_labels(np.zeros((1, 2)), ["king"], 8, NOTHING)
    assert alone[0, 0] > 0
    assert alone[0, 1] == 0
    beside_a_line, _ = place_labels(np.zeros((1, 2)), ["king"], 8, np.array([[15.0, 0]]))
    assert beside_a_line[0, 0] < 0


def test_a_label_does_not_cover_its_own_point():
    (middle,), _ = place_labels(np.zeros((1, 2)), ["king"], 8, NOTHING)
    assert not overlap(box(middle, "king", 8), (np.zeros(2), np.zeros(2)))


def test_no_points_have_no_labels():
    middles, far = place_labels(NOTHING, [], 8, NOTHING)
    assert len(middles) == len(far) == 0


def test_where_there_is_no_room_beside_the_points_labels_stand_further_away_and_say_so():
    points = np.array([(i % 3, i // 3) for i in range(6)], float)
    labels = ["monday", "tuesday", "wednesday", "thursday", "friday", "sunday"]
    middles, far = place_labels(points, labels, 8, NOTHING)
    boxes = [box(middle, label, 8) for middle, label in zip(middles, labels, strict=True)]
    assert not any(overlap(*pair) for pair in itertools.combinations(boxes, 2))
    assert far.any()
    assert not far[0]
