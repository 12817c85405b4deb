"""The mathematics under the searches, against plain formulas."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from polyaxon.search import parse_space, plan_search
from polyaxon.search.acquisition import confidence_bound, log_expected_improvement, log_improvement_probability
from polyaxon.search.cmaes import _State
from polyaxon.search.cube import Cube
from polyaxon.search.kernels import kernel_named
from polyaxon.search.pareto import front, pareto_order
from polyaxon.search.parzen import Parzen
from polyaxon.search.process import Evidence, fit, posterior
from polyaxon.search.sobol import sobol_point

RNG = np.random.default_rng(7)
KERNELS = [("rbf", 0.0), ("matern", 0.5), ("matern", 1.5), ("matern", 2.5), ("matern", 1.9)]


@pytest.mark.parametrize(("name", "nu"), KERNELS)
def test_a_kernel_is_one_at_zero_and_has_the_slope_it_says(name: str, nu: float) -> None:
    kernel = kernel_named(name, nu)
    squares = np.array([0.02, 0.3, 1.0, 4.0, 20.0])
    step = 1e-4 * squares
    rising = (kernel(squares + step)[0] - kernel(squares - step)[0]) / (2 * step)
    assert kernel(np.zeros(1))[0][0] == pytest.approx(1.0, abs=1e-5)
    np.testing.assert_allclose(kernel(squares)[1], rising, rtol=2e-2, atol=1e-6)


def test_a_tabulated_kernel_lies_between_its_closed_neighbours() -> None:
    squares = np.linspace(0.01, 9.0, 50)
    rough, middle, smooth = (kernel_named("matern", nu)(squares)[0] for nu in (1.5, 1.9, 2.5))
    low, high = np.minimum(rough, smooth), np.maximum(rough, smooth)
    assert ((middle >= low - 1e-6) & (middle <= high + 1e-6)).all()


@pytest.mark.parametrize(("name", "nu"), [KERNELS[0], KERNELS[2], KERNELS[3]])
def test_the_likelihood_has_the_gradient_it_says(name: str, nu: float) -> None:
    points, values = RNG.random((15, 3)), RNG.normal(size=15)
    categorical = np.array([False, False, True])
    points[:, 2] = RNG.integers(0, 3, 15)
    evidence = Evidence(points, values, categorical, kernel_named(name, nu))
    theta = np.array([-0.5, 0.2, -1.0, -3.0])
    _, gradient = evidence(theta)
    numeric = [(evidence(theta + 1e-5 * axis)[0] - evidence(theta - 1e-5 * axis)[0]) / 2e-5 for axis in np.eye(4)]
    np.testing.assert_allclose(gradient, numeric, rtol=1e-4, atol=1e-5)


def test_the_posterior_is_that_of_the_textbook_and_its_gradient_is_right() -> None:
    points, values = RNG.random((12, 2)), RNG.normal(size=12)
    kernel, categorical = kernel_named("rbf", 0.0), np.zeros(2, dtype=bool)
    theta = np.array([np.log(0.4), np.log(0.7), np.log(0.01)])
    process = posterior(points, values, categorical, kernel, theta)
    new = RNG.random((5, 2))

    def gram(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        scaled = (one[:, None] - other[None]) / np.exp(theta[:2])
        return np.exp(-0.5 * (scaled**2).sum(-1))

    matrix = gram(points, points) + 0.01 * np.eye(12)
    expected = process.mean + gram(new, points) @ np.linalg.solve(matrix, values - process.mean)
    reduced = 1 - np.einsum("ij,ji->i", gram(new, points), np.linalg.solve(matrix, gram(points, new)))
    mean, variance = process.mean_and_variance(new)
    np.testing.assert_allclose(mean, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(variance, process.scale * reduced, rtol=1e-4)
    _, _, mean_slope, variance_slope = process.with_gradient(new)
    for column in range(2):
        step = np.zeros(2)
        step[column] = 1e-5
        (up, up_var), (down, down_var) = process.mean_and_variance(new + step), process.mean_and_variance(new - step)
        np.testing.assert_allclose(mean_slope[:, column], (up - down) / 2e-5, rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(variance_slope[:, column], (up_var - down_var) / 2e-5, rtol=1e-3, atol=1e-5)


def test_fitting_finds_the_parameter_that_matters() -> None:
    points = RNG.random((40, 3))
    values = np.sin(6 * points[:, 1])
    values = (values - values.mean()) / values.std()
    start = np.log(np.array([0.5, 0.5, 0.5, 1e-3]))
    theta = fit(points, values, np.zeros(3, dtype=bool), kernel_named("matern", 2.5), [start], 60)
    assert np.argmin(theta[:3]) == 1


@pytest.mark.parametrize(
    "score", [log_expected_improvement(0.3, 0.01), log_improvement_probability(0.3, 0.01), confidence_bound(2.0)]
)
def test_acquisitions_have_the_derivatives_they_say(score: object) -> None:
    mean, deviation = np.array([-1.0, 0.2, 0.5, 3.0, 8.0]), np.array([0.5, 0.1, 0.4, 0.2, 0.05])
    assert callable(score)
    _, by_mean, by_deviation = score(mean, deviation)
    step = 1e-6
    np.testing.assert_allclose(
        by_mean, (score(mean + step, deviation)[0] - score(mean - step, deviation)[0]) / 2e-6, rtol=1e-3
    )
    rising = (score(mean, deviation + step)[0] - score(mean, deviation - step)[0]) / 2e-6
    np.testing.assert_allclose(by_deviation, rising, rtol=1e-3)


def test_log_expected_improvement_is_its_formula_and_finite_where_that_underflows() -> None:
    mean, deviation = np.array([-0.5, 0.4, 1.0]), np.array([0.3, 0.2, 0.5])
    z = (0.3 - mean) / deviation
    plain = (0.3 - mean) * ndtr(z) + deviation * np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)
    value, _, _ = log_expected_improvement(0.3, 0.0)(mean, deviation)
    np.testing.assert_allclose(value, np.log(plain), rtol=1e-9)
    far, slope, _ = log_expected_improvement(0.0, 0.0)(np.array([50.0, 5000.0]), np.array([1.0, 1.0]))
    assert np.isfinite(far).all()
    assert (slope < 0).all()


def test_a_parzen_mixture_is_a_density_over_mixed_columns() -> None:
    space = {
        "smooth": {"kind": "uniform", "value": [0, 1]},
        "steps": {"kind": "range", "value": [0, 5, 1]},
        "names": {"kind": "choice", "value": ["a", "b", "c"]},
    }
    cube = Cube(parse_space(space))
    centres = np.vstack([cube.spread(RNG.random((4, 3))), np.full((1, 3), np.nan)])
    centres[1, 2] = np.nan
    mixture = Parzen(cube, centres, np.ones(5), np.full(3, 0.1), np.full(3, 0.3))
    grid = cube.spread(RNG.random((200_000, 3)))
    # The density is relative to the cube's own measure and the weights add up to 5.
    assert np.exp(mixture.log_density(grid)).mean() == pytest.approx(5.0, rel=0.03)
    drawn = cube.snap(mixture.sample(2000, RNG))
    assert ((drawn[:, :2] >= 0) & (drawn[:, :2] <= 1)).all()
    assert set(drawn[:, 2]) <= {0.0, 1.0, 2.0}


def test_sobol_points_leave_no_interval_empty() -> None:
    points = np.array([sobol_point(index, 12, 5) for index in range(64)])
    for column in points.T:
        assert sorted((column * 64).astype(int)) == list(range(64))
    cells = {(int(a * 8), int(b * 8)) for a, b in points[:, :2]}
    assert len(cells) == 64
    assert sobol_point(3, 2, 1) != sobol_point(3, 2, 2)


def test_sobol_points_exist_beyond_the_published_dimensions() -> None:
    assert len(set(sobol_point(1, 30, 0))) == 30


def test_the_front_holds_what_nothing_dominates_and_the_order_goes_by_layers() -> None:
    losses = np.array([[1.0, 4.0], [2.0, 2.0], [4.0, 1.0], [2.0, 3.0], [5.0, 5.0]])
    assert front(losses).tolist() == [0, 1, 2]
    order = pareto_order(losses).tolist()
    assert set(order[:3]) == {0, 1, 2}
    assert order[3:] == [3, 4]


def test_cma_es_walks_down_a_stretched_bowl() -> None:
    state = _State(4, 8, 0.3)
    generator = np.random.default_rng(1)
    stretch = np.array([1.0, 10.0, 100.0, 1000.0])
    for _ in range(150):
        points = np.array([state.sample(generator) for _ in range(8)])
        state.learn(points, ((points - 0.3) ** 2) @ stretch)
    np.testing.assert_allclose(state.mean, 0.3, atol=1e-3)


def test_cma_es_begins_where_earlier_trials_were_good_and_no_wider_than_asked() -> None:
    generator = np.random.default_rng(2)
    cold, warm = _State(3, 8, 0.3), _State(3, 8, 0.3)
    warm.gather(generator.normal((0.2, 0.7, 0.5), (0.01, 0.01, 0.2), (40, 3)).clip(0, 1))
    drawn = np.array([warm.sample(generator) for _ in range(200)])
    np.testing.assert_allclose(drawn.mean(axis=0), (0.2, 0.7, 0.5), atol=0.06)
    assert drawn[:, 2].std() > 1.5 * drawn[:, 0].std(), "and it has the shape of the good ones"
    assert warm.sigma < cold.sigma
    cold.gather(generator.random((40, 3)))
    assert cold.sigma <= 0.3


def test_a_generation_has_the_population_that_the_file_asks_for() -> None:
    params = {"x": {"kind": "uniform", "value": [0, 1]}, "y": {"kind": "uniform", "value": [0, 1]}}
    metric = {"name": "loss", "optimization": "minimize"}
    search = plan_search({"kind": "cmaes", "numRuns": 12, "population": 5, "metric": metric, "params": params})
    assert [suggestion.iteration for suggestion in search.suggest([], 1, 12)] == [0] * 5 + [1] * 5 + [2] * 2
