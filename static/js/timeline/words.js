// What is under the pointer, and which span is shown, in words.
import { grouped, seconds } from "../format.js";

const NEAR = 6;

export function placeWords(place, axis) {
  return axis === "events" ? `event ${grouped(Math.round(place))}` : `${seconds(Math.round(place))} s`;
}

export function lengthWords(span, axis) {
  if (axis === "events") return `${grouped(span)} events`;
  const [unit, name] = span >= 1e9 ? [1e9, "s"] : span >= 1e6 ? [1e6, "ms"] : span >= 1e3 ? [1e3, "µs"] : [1, "ns"];
  return `${(span / unit).toFixed(unit === 1 ? 0 : 3)} ${name}`;
}

export function spanWords(view, axis) {
  if (axis === "events") return `events ${grouped(view.from)} – ${grouped(view.to - 1)}`;
  return `${seconds(view.from)} – ${seconds(view.to)} s`;
}

export function countWords(answer, view, axis) {
  const missed = answer.missed ? `, ${grouped(answer.missed)} not fired` : "";
  const joined = answer.bands.reduce((sum, band) => sum + band.drawn - 1, 0);
  const bands = joined ? `; ${grouped(joined)} short bands drawn with their neighbours` : "";
  const faults = answer.faults_hidden ? `; ${grouped(answer.faults_hidden)} faults not drawn` : "";
  return `${grouped(answer.count)} hit${answer.count === 1 ? "" : "s"}${missed} in ${lengthWords(view.span, axis)}${bands}${faults}`;
}

// The mark of a lane that is nearest to x: { lane, at, index } within reach, else null.
export function nearestMark(answer, view, cpu, slot, x, reach = NEAR) {
  let best = null;
  for (const lane of answer?.lanes ?? []) {
    if (lane.cpu !== cpu || !lane.places || (slot !== null && lane.slot !== slot)) continue;
    lane.places.forEach((at, index) => {
      const distance = Math.abs(view.x(at) - x);
      if (distance <= reach && distance < (best?.distance ?? Infinity)) best = { lane, at, index, distance };
    });
  }
  return best;
}

export function hoverWords(timeline, where, x) {
  const { view, axis } = timeline;
  const answer = timeline.source.fine;
  const words = [placeWords(view.place(x), axis)];
  if (where.part === "problems") words.push(...wrongWords(timeline, x));
  if (where.part !== "lane") return words.join(" · ");
  words.push(`CPU ${where.cpu}${where.slot === null ? "" : ` slot ${where.slot}`}`);
  const band = answer?.bands.findLast((b) => b.cpu === where.cpu && b.sort === "task" && b.start <= view.place(x));
  if (band) words.push(`task ${band.task}`);
  const mark = nearestMark(answer, view, where.cpu, where.slot, x);
  if (mark) words.push(markWords(mark));
  else words.push(...columnWords(answer, view, where, x));
  return words.join(" · ");
}

function wrongWords(timeline, x) {
  const near = (place) => Math.abs(timeline.view.x(place) - x) <= NEAR;
  const problem = timeline.problems.find((each) => near(timeline.at(each)));
  if (problem) return [problem.words];
  const fault = timeline.source.fine?.faults.find((each) => near(each.at));
  return fault ? [`an exception of the program on CPU ${fault.cpu}, event ${grouped(fault.seq)}`] : [];
}

function markWords({ lane, index }) {
  const number = grouped(lane.numbers[index]);
  return lane.fired ? `hit ${number}` : `not fired, event ${number}`;
}

function columnWords(answer, view, where, x) {
  const column = Math.floor(((view.place(x) - answer?.from) * answer?.columns) / (answer?.to - answer?.from));
  const lanes = (answer?.lanes ?? []).filter((l) => l.density && l.cpu === where.cpu && l.slot === where.slot);
  return lanes
    .filter((lane) => lane.density[column])
    .map((lane) => `${grouped(lane.density[column])} ${lane.fired ? "hits" : "not fired"} drawn as one`);
}
