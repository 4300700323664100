/**
 * Letters of other scripts in Latin ones, as far as that needs no dictionary: Cyrillic, Greek, Kana, Hangul. For
 * addresses, not for reading: where there are several ways, it is the shorter one.
 */

const pairs = (text: string): ReadonlyMap<string, string> =>
  new Map(text.split(" ").map((pair) => [pair.slice(0, 1), pair.slice(1)]));

/** Without those that are another letter with a mark: the marks have gone before. */
const LETTERS = pairs(
  "аa бb вv гg дd еe жzh зz иi кk лl мm нn оo пp рr сs тt уu фf хkh цts чch шsh щshch ъ ыy ь эe юyu яya " +
    "іi єye ґg ђdj јj љlj њnj ћc џdz әa ғg қq ңn өo ұu үu һh " +
    "αa βv γg δd εe ζz ηi θth ιi κk λl μm νn ξx οo πp ρr σs ςs τt υy φf χch ψps ωo",
);

const KANA = pairs(
  "あa いi うu えe おo かka きki くku けke こko がga ぎgi ぐgu げge ごgo さsa しshi すsu せse そso ざza じji ずzu ぜze ぞzo " +
    "たta ちchi つtsu てte とto だda ぢji づzu でde どdo なna にni ぬnu ねne のno はha ひhi ふfu へhe ほho ばba びbi ぶbu べbe ぼbo " +
    "ぱpa ぴpi ぷpu ぺpe ぽpo まma みmi むmu めme もmo やya ゆyu よyo らra りri るru れre ろro わwa ゐi ゑe をo んn ゔvu",
);
/** They change the syllable before them: し and ゃ are "sha". */
const SMALL = pairs("ぁa ぃi ぅu ぇe ぉo ゃya ゅyu ょyo ゎwa");

const HANGUL = 0xac00;
const INITIALS = "g kk n d tt r m b pp s ss  j jj ch k t p h".split(" ");
const VOWELS = "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i".split(" ");
const FINALS = " k k k n n n t l k m l l l p l m p p t t ng t t k t p t".split(" ");

/** `text` in lower case. What has no Latin spelling here stays as it is. */
export function latin(text: string): string {
  const kana = text.normalize("NFKC").replace(/[ァ-ヶ]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0x60));
  return kana
    .replace(/[\u3041-\u3096ー]+/g, spellKana)
    .replace(/[\uac00-\ud7a3]/g, spellHangul)
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .replace(/[\u0370-\u04ff]/g, (letter) => LETTERS.get(letter) ?? letter);
}

function spellKana(text: string): string {
  let spelled = "";
  let doubled = false;
  for (const kana of text) {
    const small = SMALL.get(kana);
    if (kana === "っ") doubled = true;
    else if (small !== undefined) {
      const short = /(?:sh|ch|j)i$/.test(spelled) ? small.slice(-1) : small;
      spelled = spelled.replace(/[aiueo]$/, "") + short;
    } else {
      const syllable = KANA.get(kana) ?? ""; // a long vowel's mark
      spelled += doubled ? syllable.slice(0, 1) + syllable : syllable;
      doubled = false;
    }
  }
  return spelled;
}

function spellHangul(syllable: string): string {
  const at = syllable.charCodeAt(0) - HANGUL;
  const [initial, vowel, final] = [Math.floor(at / 588), Math.floor((at % 588) / 28), at % 28];
  return `${INITIALS[initial]}${VOWELS[vowel]}${FINALS[final]}`;
}
