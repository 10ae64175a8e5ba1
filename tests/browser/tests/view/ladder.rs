//! How the ladder draws: its grammar, and the drawings of the texts.

use super::bench;
use serde_json::json;

/// Runs `script` with `Layout` and `add(time, way, kind, more)` in reach.
fn draw(script: &str) -> serde_json::Value {
    let (_course, _window, page) = bench();
    page.run(&format!(
        "const {{ Layout, still, markup }} = await import('/view/ladder.js');
         const layout = new Layout();
         const add = (time, way, kind, more = {{}}) => layout.add({{ n: 1, time, way, kind, label: kind, ...more }});
         const classes = ({{ shapes }}) => shapes.map(({{ tag, attributes }}) => `${{tag}} ${{attributes.class}}`);
         {script}"
    ))
}

#[test]
fn each_kind_has_a_form_of_its_own() {
    let forms = draw(
        "const form = (way, kind) => classes(new Layout().add({ n: 1, time: 1, way, kind, label: '' })).join();
         return [['up', 'request'], ['down', 'message'], ['down', 'empty'], ['down', 'heartbeat'],
                 ['down', 'handshake'], ['down', 'close'], ['end', 'lost'], ['end', 'cut']].map(([way, kind]) => form(way, kind));",
    );
    let forms = forms.as_array().expect("a list");
    for (n, form) in forms.iter().enumerate() {
        assert!(!forms[..n].contains(form), "{form}");
    }
    assert_eq!(forms[0], "line up request,polygon up request filled");
    assert_eq!(forms[2], "line down empty,polygon down empty hollow");
}

#[test]
fn a_second_is_forty_pixels_and_a_long_silence_folds_into_a_tear() {
    let places = draw(
        "add(10, 'up', 'request'); const first = layout.y;
         add(12, 'down', 'empty'); const second = layout.y;
         const torn = classes(add(72, 'up', 'request'));
         return [second - first, layout.y - second, torn.includes('path tear'), layout.at(73) - layout.y,
                 layout.now(80).shapes.some(({ text }) => text === '8 s')];",
    );
    assert_eq!(places, json!([80, 44, true, 40, true]));
}

#[test]
fn a_wait_is_a_bar_that_grows_and_an_open_stream_doubles_the_lanes() {
    let seen = draw(
        "add(0, 'up', 'request');
         const bar = (time) => layout.now(time).shapes.find(({ attributes }) => attributes.class === 'waiting')?.attributes.height;
         const grows = [bar(0.1) ?? null, bar(1), bar(2)];
         const ends = classes(add(2, 'down', 'message')).includes('rect waiting');
         add(3, 'up', 'request'); add(3.01, 'down', 'open');
         const doubled = layout.now(4).shapes.filter(({ attributes }) => attributes.class === 'lane open').length;
         const over = classes(layout.add({ n: 1, time: 5, way: 'end', kind: 'end', label: '' })).filter((it) => it === 'line lane open').length;
         const after = layout.now(6).shapes.filter(({ attributes }) => attributes.class === 'lane open').length;
         return [grows, ends, doubled, over, after];",
    );
    assert_eq!(seen, json!([[null, 40, 80], true, 2, 2, 0]));
}

#[test]
fn a_thousand_messages_a_second_are_a_few_arrows_that_say_how_many() {
    let seen = draw(
        "const marks = [];
         for (let n = 0; n < 1000; n++) marks.push(add(n / 1000, 'down', 'message').mark ?? []);
         const arrows = marks.flat();
         const say = arrows.filter((mark) => layout.arrow(mark).some(({ text }) => /^\\d+ × message$/.test(text ?? '')));
         // Words stand where there is room for them: one arrow of three.
         return [arrows.length, say.length * 4 > arrows.length];",
    );
    assert!(seen[0].as_u64() < Some(20), "{seen}");
    assert_eq!(seen[1], true);
}

#[test]
fn the_slant_is_the_delay_and_at_least_four_pixels() {
    let slants = draw(
        "const slant = (seconds) => { layout.delay(seconds); return layout.slant; };
         return [slant(0.0001), slant(0.5)];",
    );
    assert_eq!(slants, json!([4, 20]));
}

#[test]
fn the_first_request_after_a_cut_carries_its_cursor() {
    let words = draw(
        "add(0, 'end', 'cut');
         const { shapes } = add(1, 'up', 'request', { cursor: 'k-7' });
         return shapes.find(({ tag }) => tag === 'text').text;",
    );
    assert_eq!(words, "resumes after k-7");
}

#[test]
fn a_question_that_is_drawn_with_another_one_has_its_bar_too() {
    let seen = draw(
        "layout.add({ n: 1, time: 0, way: 'up', kind: 'request', label: '' });
         const { merged } = layout.add({ n: 2, time: 0.02, way: 'up', kind: 'request', label: '' });
         const bars = (time) => layout.now(time).shapes.filter(({ attributes }) => attributes.class === 'waiting').length;
         return [Boolean(merged), bars(1)];",
    );
    assert_eq!(seen, json!([true, 2]));
}

#[test]
fn two_packets_that_say_different_things_are_drawn_apart_and_a_flood_is_drawn_as_one() {
    let seen = draw(
        "const say = (label) => layout.add({ n: 1, time: 0, way: 'down', kind: 'message', label });
         const first = say('42');
         const second = say('43');
         const apart = second.mark && second.mark.y - first.mark.y >= 11;
         const all = Array.from({ length: 100 }, (_, n) => say(`more ${n}`));
         return [apart, all.at(-1).merged?.count > 50];",
    );
    assert_eq!(seen, json!([true, true]));
}

#[test]
fn connections_that_are_cut_together_are_one_break_and_the_resume_stands_alone() {
    let seen = draw(
        "for (const n of [1, 2]) layout.add({ n, time: 0, way: 'up', kind: 'request', label: '' });
         const cut = (n) => layout.add({ n, time: 2, way: 'end', kind: 'cut', label: 'Cut' });
         const [first, second] = [cut(1), cut(2)];
         const resumed = add(2.05, 'up', 'request', { cursor: 'k-7' });
         const behind = add(2.05, 'up', 'request', { n: 2, cursor: 'k-7' });
         const waits = layout.now(2.06).shapes.filter(({ attributes }) => attributes.class === 'waiting').length;
         const { y, height } = second.shapes[0].attributes;
         return [second.merged === first.mark, classes(second), resumed.mark.label, Boolean(behind.merged), waits,
                 y + height < first.mark.y];",
    );
    assert_eq!(
        seen,
        json!([true, ["rect waiting"], "resumes after k-7", false, 0, true])
    );
}

#[test]
fn an_answer_leaves_when_the_question_is_there_and_the_next_question_after_it() {
    let below = draw(
        "const ys = [['up', 'request'], ['down', 'empty'], ['up', 'request'], ['down', 'handshake']]
           .map(([way, kind], n) => add(n / 1000, way, kind).mark.y);
         return ys.slice(1).map((y, n) => y - ys[n] >= layout.slant);",
    );
    assert_eq!(below, json!([true, true, true]));
}

#[test]
fn words_of_both_sides_that_have_no_room_beside_each_other_stand_below() {
    let apart = draw(
        "const apart = (width) => {
           const layout = new Layout({ width });
           const { mark } = layout.add({ n: 1, time: 0, way: 'up', kind: 'request', label: 'GET /short-polling/messages' });
           return layout.add({ n: 2, time: 0.3, way: 'down', kind: 'message', label: '204 No Content' }).mark.place.y - mark.place.y;
         };
         return [apart(520), apart(358)];",
    );
    assert_eq!(apart, json!([12, 13]));
}

#[test]
fn what_crosses_at_one_moment_is_drawn_apart_but_not_without_end() {
    let seen = draw(
        "const many = (count) => {
           const layout = new Layout();
           const ys = [];
           for (let n = 0; n < count; n++) {
             const way = n % 2 ? 'down' : 'up';
             ys.push(layout.add({ n: 1, time: 0, way, kind: 'frame', label: 'words' }).mark?.y);
           }
           return ys;
         };
         const [first, second, third] = many(3);
         const all = many(200).filter(Boolean);
         return [second - first >= 4, third - first >= 8, all.at(-1) - all[0] < 120];",
    );
    assert_eq!(seen, json!([true, true, true]));
}

#[test]
fn an_answer_leaves_below_its_question_even_where_no_room_is_left_and_time_gives_room_back() {
    let seen = draw(
        "const pair = (n, time) => {
           const { mark } = layout.add({ n, time, way: 'up', kind: 'request', label: 'words' });
           return layout.add({ n, time, way: 'down', kind: 'handshake', label: 'words' }).mark.y - mark.y;
         };
         const next = (n, time) => {
           const { mark } = layout.add({ n, time, way: 'down', kind: 'message', label: 'words' });
           return layout.add({ n, time, way: 'up', kind: 'frame', label: 'words' }).mark.y - mark.y;
         };
         for (let n = 0; n < 100; n++) add(0, n % 3 ? 'down' : 'up', ['frame', 'open', 'message'][n % 3]);
         return [pair(100, 0) >= 4, next(101, 0) >= 4, next(102, 5) >= 4];",
    );
    assert_eq!(seen, json!([true, false, true]));
}

#[test]
fn the_end_of_an_idle_connection_cuts_no_tear_in_two() {
    let tears = draw(
        "add(0, 'up', 'request'); add(0, 'down', 'empty');
         const ends = classes(layout.add({ n: 1, time: 15, way: 'end', kind: 'end', label: '' }));
         const { shapes } = layout.add({ n: 2, time: 25, way: 'up', kind: 'request', label: '' });
         return [ends, shapes.filter(({ attributes }) => attributes.class === 'tear-label').map(({ text }) => text)];",
    );
    assert_eq!(tears, json!([[], ["25 s"]]));
}

#[test]
fn a_question_from_the_beginning_resumes_nothing() {
    let label = draw(
        "add(0, 'end', 'cut');
         return add(1, 'up', 'request', { cursor: '0', label: 'GET /' }).mark.label;",
    );
    assert_eq!(label, "GET /");
}

#[test]
fn the_words_of_a_crossbar_do_not_lie_on_it() {
    let away = draw(
        "const away = (before) => {
           const layout = new Layout({ width: 358 });
           for (let n = 0; n < before; n++) layout.add({ n, time: 0, way: 'up', kind: n % 2 ? 'frame' : 'request', label: 'GET /short-polling/messages' });
           const { mark } = layout.add({ n: 0, time: 0.3, way: 'down', kind: 'handshake', label: '101 Switching Protocols' });
           return mark.place === null || mark.place.y <= mark.y - 3 || mark.place.y >= mark.y + 12;
         };
         return Array.from({ length: 40 }, (_, n) => n).filter((n) => !away(n));",
    );
    assert_eq!(away, json!([]));
}

#[test]
fn a_stream_that_was_open_before_anybody_looked_doubles_the_lanes_and_uses_up_the_cursor() {
    let seen = draw(
        "add(0, 'end', 'cut');
         layout.add({ n: 2, time: 1, way: 'down', kind: 'message', label: 'k-8' });
         const doubled = layout.now(2).shapes.filter(({ attributes }) => attributes.class === 'lane open').length;
         const { mark } = add(3, 'up', 'request', { cursor: 'k-7', label: 'GET /' });
         return [doubled, mark.label];",
    );
    assert_eq!(seen, json!([2, "GET /"]));
}

#[test]
fn an_arrow_without_room_for_words_gets_none_when_others_join_it() {
    let words = draw(
        "let mark;
         for (let n = 0; n < 50 && (mark?.kind !== 'message' || mark.label); n++) ({ mark } = add(0, 'down', n % 2 ? 'open' : 'message'));
         const { merged } = add(0, 'down', 'message');
         return [mark.label, merged === mark, layout.arrow(mark).filter(({ tag }) => tag === 'text').length];",
    );
    assert_eq!(words, json!(["", true, 0]));
}

/// The drawings in `lessons/drawings` are made by `node lessons/drawings/draw.mjs`.
#[test]
fn the_texts_drawings_are_what_the_scenes_draw_now() {
    let (_course, _window, page) = bench();
    let drawn = page.run(
        "const { still, markup } = await import('/view/ladder.js');
         const { SCENES } = await import('/view/scenes.js');
         return Object.entries(SCENES).map(([name, { crossings, title, until }]) =>
           [name, `<div class=\"drawing\">${markup(still(crossings, { width: 520, second: 40, labels: true, title, id: `hatch-${name}`, until }))}</div>\\n`]);",
    );
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../lessons/drawings");
    let mut checked = 0;
    for scene in drawn.as_array().expect("a list") {
        let name = scene[0].as_str().expect("a name");
        // Lessons 8 and 9 have an emblem, and no text yet.
        let Ok(kept) = std::fs::read_to_string(folder.join(format!("{name}.svg"))) else {
            assert!(
                ["8-race", "9-machines"].contains(&name),
                "no drawing of {name}"
            );
            continue;
        };
        assert!(
            scene[1] == kept.as_str(),
            "lessons/drawings/{name}.svg is old: run node lessons/drawings/draw.mjs"
        );
        checked += 1;
    }
    assert_eq!(checked, 9);
}
