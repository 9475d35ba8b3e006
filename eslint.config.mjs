// Lint rules. The longest part is the architecture: which folder may import which (docs/architecture.md).
import eslint from "@eslint/js";
import tseslint from "typescript-eslint";

const FOLDERS = [
  "model",
  "control",
  "provider",
  "components",
  "ops",
  "setup",
  "bench",
  "examples",
  "tests",
];

/** What plain JavaScript may use of Node.js without an import; for TypeScript the compiler knows. */
const NODE_GLOBALS = [
  "process",
  "console",
  "URL",
  "Buffer",
  "module",
  "require",
  "__dirname",
].concat(["Timeout", "Interval", "Immediate"].flatMap((kind) => [`set${kind}`, `clear${kind}`]));

/**
 * What a folder may import, beside itself. `pulumi`: which packages of @pulumi it may import, as the
 * rest of a regular expression; none when absent.
 */
const MAY_IMPORT = {
  model: { folders: [] },
  control: { folders: ["model"] },
  ops: { folders: ["model", "control", "setup"] },
  provider: {
    folders: ["model", "control"],
    files: { setup: "root$" },
    // Its log, and the setting that says where the engine listens.
    pulumi: "pulumi/(provider(/|$)|log$|runtime/settings$)",
  },
  components: { folders: ["model"], files: { setup: "(versions\\.json|root)$" }, pulumi: "" },
  setup: { folders: ["model", "control", "ops"] },
  // Its hosts are those of the lab.
  bench: { folders: ["model", "control", "ops", "setup"], files: { tests: "lab/harness/" } },
  // A consumer is another project: it knows the cluster by its stack outputs only.
  examples: { folders: [], pulumi: "" },
};

/** Regular expressions of the imports that a folder must not have. */
function forbidden(folder, { folders, files = {}, pulumi }) {
  const others = FOLDERS.filter((other) => other !== folder && !folders.includes(other));
  const outside = others.map((other) => {
    const but = files[other] ? `(/(?!${files[other]})|$)` : "(/|$)";
    return `^(\\.{1,2}/)*\\.\\./${other}${but}`;
  });
  const packages = pulumi === undefined ? "^@pulumi/" : pulumi && `^@pulumi/(?!${pulumi})`;
  return packages ? [...outside, packages] : outside;
}

/** The rules that refuse imports, static, type-only and dynamic, that match an expression. */
function refuse(expressions, message) {
  const inSelector = (expression) => expression.replaceAll("/", "\\/");
  return {
    "@typescript-eslint/no-restricted-imports": [
      "error",
      { patterns: expressions.map((regex) => ({ regex, message })) },
    ],
    "no-restricted-syntax": [
      "error",
      ...expressions.map((regex) => ({
        selector: `ImportExpression[source.value=/${inSelector(regex)}/]`,
        message,
      })),
    ],
  };
}

const architecture = Object.entries(MAY_IMPORT).map(([folder, may]) => {
  const named = [folder, ...may.folders, ...Object.keys(may.files ?? {})].join(", ");
  return {
    name: `architecture/${folder}`,
    files: [`${folder}/**/*.ts`],
    rules: refuse(
      forbidden(folder, may),
      `The flow is one-way: ${folder}/ imports from ${named} only, and @pulumi/* only where eslint.config.mjs says so.`,
    ),
  };
});

export default tseslint.config(
  { ignores: ["node_modules/", "coverage/", ".farm*/", "docs/", "setup/go/"] },
  eslint.configs.recommended,
  tseslint.configs.recommendedTypeChecked,
  {
    name: "project",
    linterOptions: { reportUnusedDisableDirectives: "error" },
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_$" },
      ],
      "no-restricted-exports": [
        "error",
        {
          restrictDefaultExports: {
            direct: true,
            named: true,
            defaultFrom: true,
            namedFrom: true,
            namespaceFrom: true,
          },
        },
      ],
      eqeqeq: ["error", "always", { null: "ignore" }],
      "max-lines": ["error", { max: 250, skipBlankLines: false, skipComments: false }],
      "max-lines-per-function": ["error", { max: 40 }],
    },
  },
  ...architecture,
  {
    name: "architecture/index.ts",
    files: ["index.ts"],
    rules: refuse(["^(?!\\./components/)"], "index.ts composes: it imports components only."),
  },
  {
    name: "tests",
    files: ["tests/**"],
    rules: {
      "max-lines": ["error", { max: 400, skipBlankLines: false, skipComments: false }],
      // A describe block is one function, and as long as what it describes.
      "max-lines-per-function": "off",
    },
  },
  {
    name: "config files",
    files: ["*.config.{mjs,ts}"],
    // The tools that read them want a default export.
    rules: { "no-restricted-exports": "off" },
  },
  {
    ...tseslint.configs.disableTypeChecked,
    name: "plain JavaScript",
    files: ["**/*.{mjs,cjs}"],
    languageOptions: {
      ...tseslint.configs.disableTypeChecked.languageOptions,
      globals: Object.fromEntries(NODE_GLOBALS.map((name) => [name, "readonly"])),
    },
    rules: {
      ...tseslint.configs.disableTypeChecked.rules,
      "@typescript-eslint/no-require-imports": "off",
    },
  },
);
