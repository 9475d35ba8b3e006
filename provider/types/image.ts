/** Image: there under a tag that is a hash of its inputs, never made again with another content. */
import { findImage } from "../../control/images";
import type { ImageInputs, ImageState } from "../../model/resources";
import { provideImage } from "../imageProvide";
import { define } from "../type";

const DRIFTED = " (another image: ";

/** Delete does nothing: an older image may still be wanted for going back. */
export const image = define<ImageInputs, ImageState>({
  type: "pgha:index:Image",
  secretFields: [],
  computed: ["imageId"],
  ignored: ["registry", "others"],
  async create(inputs) {
    return { id: inputs.tag, state: { ...inputs, imageId: await provideImage(inputs) } };
  },
  async read(state) {
    const tag = state.tag.split(DRIFTED)[0] ?? state.tag;
    const live = (await findImage(state.host, tag))?.id;
    if (live === undefined) return undefined;
    if (live === state.imageId) return { ...state, tag };
    return { ...state, tag: `${tag}${DRIFTED}${live.slice(0, 19)})` };
  },
  async update(state, news) {
    const drifted = state.tag.startsWith(`${news.tag}${DRIFTED}`);
    return { ...news, imageId: await provideImage(news, drifted ? state.imageId : undefined) };
  },
  delete: () => Promise.resolve(),
});
