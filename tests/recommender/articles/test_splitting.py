"""A digest becomes the stories it covers; everything else stays one story."""

from dataclasses import replace

import pytest

from recommender.articles import splitting
from recommender.articles.story_labels import INHERITED
from recommender.articles.values import ArticleDraft, StoryDraft


def article(title: str, summary: str = "", **fields: object) -> ArticleDraft:
    return replace(ArticleDraft(key="a", title=title, summary=summary), **fields)  # type: ignore[arg-type]  # fields by name


def titles(draft: ArticleDraft) -> list[str]:
    return [story.title for story in splitting.split(draft)]


def by_title(draft: ArticleDraft) -> dict[str, StoryDraft]:
    return {story.title: story for story in splitting.split(draft)}


def test_a_digest_has_a_story_for_each_part_of_its_title(digest: ArticleDraft) -> None:
    assert titles(digest) == [
        "Anthropic's Claude Learns to Shop",
        "Intel Spins Off Its Foundry",
        "Memory-Safe Kernels",
        "The $1,000 Humanoid",
        "Why Evals Rot",
        "A Whale Decoder",
    ]
    assert [story.key for story in splitting.split(digest)][3] == "the-1-000-humanoid"


def test_sentences_and_items_go_to_the_story_they_are_about(digest: ArticleDraft) -> None:
    found = by_title(digest)
    humanoid = found["The $1,000 Humanoid"]
    assert humanoid.summary.endswith("$1,000. Its cheap actuators come from the drone industry.")
    assert found["Intel Spins Off Its Foundry"].takeaway.startswith("For CTOs planning chip supply")
    assert (
        found["Why Evals Rot"].takeaway
        == "Engineering teams should rotate their evals every quarter."
    )
    assert found["Why Evals Rot"].practice == ("Keep a private evaluation set.",)
    assert found["Memory-Safe Kernels"].practice == ("Write new kernel drivers in Rust.",)
    assert found["A Whale Decoder"].summary.startswith("Finally, researchers decoded")


def test_a_sentence_about_nothing_in_the_title_belongs_to_no_story(digest: ArticleDraft) -> None:
    assert all(story.principles == () for story in splitting.split(digest))


def test_topics_are_a_storys_own_or_inherited_never_a_siblings(digest: ArticleDraft) -> None:
    found = by_title(digest)
    assert found["Why Evals Rot"].topics["LLM Evaluation"] == 1.0
    assert found["Memory-Safe Kernels"].topics["Memory Safety"] == 1.0
    assert "Memory Safety" not in found["A Whale Decoder"].topics
    assert all(story.topics["Bioacoustics"] == INHERITED for story in found.values())


def test_roles_are_inherited_unless_the_text_speaks_to_them(digest: ArticleDraft) -> None:
    found = by_title(digest)
    assert found["Intel Spins Off Its Foundry"].roles["CTO"] == 1.0
    assert found["A Whale Decoder"].roles == dict.fromkeys(digest.roles, INHERITED)


def test_a_single_subject_is_one_story_with_everything() -> None:
    draft = article(
        "One Thing",
        "It is so.",
        topics=("AI",),
        roles=("CTO",),
        insights=("i",),
        url="https://e.org",
    )
    (story,) = splitting.split(draft)
    assert (story.key, story.title, story.summary) == ("a", "One Thing", "It is so.")
    assert (story.topics, story.roles, story.url) == ({"AI": 1.0}, {"CTO": 1.0}, "https://e.org")


_THREE = (
    "Attention lets agents select context. Memory stores what happened. "
    "Planning in LLM agents decides the next step."
)
SINGLE = {
    "Attention, Memory, and Planning in LLM Agents": _THREE,
    "12: Attention, Memory, and Planning in LLM Agents": _THREE,
    "Fast, Cheap, and Good Enough: Choosing a Vector Database": (
        "Fast stores keep everything in memory. Cheap ones use disks. Good enough is 95 percent."
    ),
    "MM1: Methods, Analysis, and Insights from Multimodal LLM Pre-training": (
        "MM1 is a family. The methods are simple. Analysis shows that data matters. Insights vary."
    ),
    "How We Cut Costs with KV Caching, Quantization, Speculative Decoding, and Batching": (
        "KV caching removed prefill. Quantization halved memory. Speculative decoding is fast. "
        "Batching helped."
    ),
    "Lessons from Google, Amazon, and Netflix on Scaling Kubernetes": (
        "Google runs one large cluster. Amazon prefers small cells. Netflix wrote a scheduler."
    ),
    "Comparing Google's Gemini, OpenAI's GPT-5, and Anthropic's Claude": (
        "Gemini wins on video. GPT-5 leads in math. Claude writes the best code."
    ),
    "How to Plan, Build, and Ship an LLM Product": "Plan with users. Build small. Ship weekly.",
    "Llama 3.1, 1,000 GPUs and a Lot of Patience": "Llama 3.1 took 1,000 GPUs. Patience too.",
    "Apple, Inc. Buys a Chip Maker, Sources Say": "Apple buys a chip maker. Sources say so.",
    "Robots | The Daily Example": "Robots are everywhere, says the Daily Example.",
}


@pytest.mark.parametrize("title", SINGLE)
def test_a_single_subject_with_commas_is_not_split(title: str) -> None:
    assert titles(article(title, SINGLE[title])) == [title]


RUBIN, PARIS, PROTEIN = (
    "Nvidia Slips Rubin to 2027",
    "Mistral Opens a Paris Datacenter",
    "DeepMind's Protein Designer",
)


@pytest.mark.parametrize(
    "title",
    [
        f"{RUBIN}, {PARIS}, {PROTEIN}",
        f"{RUBIN}; {PARIS}; and {PROTEIN}",
        f"{RUBIN} | {PARIS} | {PROTEIN}",
        f"{RUBIN} + {PARIS} + {PROTEIN}",
        f"{RUBIN} / {PARIS} / {PROTEIN}",
        f"1. {RUBIN} 2. {PARIS} 3. {PROTEIN}",
        f"#47: {RUBIN}, {PARIS} & {PROTEIN}",
        f"This Week in AI: {RUBIN}, {PARIS} and {PROTEIN}",
        f"The Letter, Issue 12 (24 Nov) – {RUBIN}, {PARIS}, {PROTEIN}, and More",
    ],
)
def test_lists_are_recognised_however_they_are_punctuated(title: str) -> None:
    summary = (
        "Nvidia told partners that the Rubin platform moves to 2027. Mistral started its own "
        "datacenter near Paris, with 18,000 GPUs. DeepMind's new protein designer works in the lab."
    )
    found = by_title(article(title, summary))
    assert list(found) == [RUBIN, PARIS, PROTEIN]
    assert [len(story.summary) > 40 for story in found.values()] == [True] * 3


def test_a_numbered_list_of_things_is_a_digest_even_without_text() -> None:
    draft = article(f"48: {RUBIN}, {PARIS}, {PROTEIN}, and A24")
    assert titles(draft) == [RUBIN, PARIS, PROTEIN, "A24"]


@pytest.mark.timeout(10)
def test_a_very_long_text_under_a_list_stays_whole() -> None:
    draft = article(f"48: {RUBIN}, {PARIS}, {PROTEIN}, and A24", "Rubin slips. " * 20_000)
    assert len(splitting.split(draft)) == 1


def test_short_forms_find_what_they_are_short_for() -> None:
    draft = article(
        "7: Lower Capex at Meta, TSMC's $6.3B Plant, Five Gens of TPUs",
        "Capital expenditure fell by half. The plant for 6.3 billion dollars opens soon. "
        "Every tensor processing unit was faster than the last.",
    )
    assert all(story.summary.count(".") in {1, 2} for story in splitting.split(draft))
    assert by_title(draft)["Five Gens of TPUs"].summary.startswith("Every tensor")


def test_two_parts_with_one_name_get_two_keys() -> None:
    draft = article(
        "9: Robots at Home, Chips at Work, Robots at Home",
        "Robots clean homes. Chips work at last.",
    )
    keys = [story.key for story in splitting.split(draft)]
    assert len(set(keys)) == len(keys)


def test_a_sentence_that_plainly_covers_two_stories_is_in_both() -> None:
    draft = article(
        "3: Intel Spins Off Its Foundry, Nvidia's Rubin Slips, Arm Sues Qualcomm Again",
        "Intel will spin off its foundry. Nvidia's Rubin slips by a year. Arm sues Qualcomm again. "
        "Both Intel's foundry and Nvidia's Rubin depend on packaging.",
    )
    found = by_title(draft)
    assert "packaging" in found["Intel Spins Off Its Foundry"].summary
    assert "packaging" in found["Nvidia's Rubin Slips"].summary
    assert "packaging" not in found["Arm Sues Qualcomm Again"].summary


def test_listed_stories_keep_their_words_and_inherit_what_they_do_not_state() -> None:
    listed = (
        StoryDraft(key="s1", title="TPUs", summary="TPUs got faster.", topics={"Chips": 1.0}),
        StoryDraft(key="s2", title="Whales", summary="Whales talk."),
    )
    draft = article("Two things", stories=listed, topics=("AI", "Whales"), roles=("CTO",))
    first, second = splitting.split(draft)
    assert (first.key, first.summary, first.topics) == ("s1", "TPUs got faster.", {"Chips": 1.0})
    assert (second.key, second.summary) == ("s2", "Whales talk.")
    assert second.topics == {"AI": INHERITED, "Whales": 1.0}
    assert second.roles == {"CTO": INHERITED}


def test_a_single_listed_story_has_the_rest_of_its_article() -> None:
    draft = article("A", "S.", stories=(StoryDraft(key="s", title="T"),), topics=("AI",))
    (story,) = splitting.split(draft)
    assert (story.key, story.title, story.summary, story.topics) == ("s", "T", "S.", {"AI": 1.0})


def test_splitting_is_the_same_every_time(digest: ArticleDraft) -> None:
    assert splitting.split(digest) == splitting.split(digest)
