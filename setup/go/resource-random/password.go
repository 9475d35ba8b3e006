package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"golang.org/x/crypto/bcrypt"
)

const (
	upperChars   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lowerChars   = "abcdefghijklmnopqrstuvwxyz"
	numericChars = "0123456789"
	specialChars = "!@#$%&*()-_=+[]{}<>:?"

	bcryptMax = 72 // bytes: bcrypt refuses more
)

// randomProvider is the Terraform provider that the bridge serves. It has no configuration.
type randomProvider struct{}

func (*randomProvider) Metadata(_ context.Context, _ provider.MetadataRequest, r *provider.MetadataResponse) {
	r.TypeName, r.Version = pkg, version
}
func (*randomProvider) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}
func (*randomProvider) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}
func (*randomProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }
func (*randomProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return &password{} }}
}

// password is random_password, at version 3 of its schema.
type password struct{}

type passwordModel struct {
	BcryptHash      types.String `tfsdk:"bcrypt_hash"`
	ID              types.String `tfsdk:"id"`
	Keepers         types.Map    `tfsdk:"keepers"`
	Length          types.Int64  `tfsdk:"length"`
	Lower           types.Bool   `tfsdk:"lower"`
	MinLower        types.Int64  `tfsdk:"min_lower"`
	MinNumeric      types.Int64  `tfsdk:"min_numeric"`
	MinSpecial      types.Int64  `tfsdk:"min_special"`
	MinUpper        types.Int64  `tfsdk:"min_upper"`
	Number          types.Bool   `tfsdk:"number"`
	Numeric         types.Bool   `tfsdk:"numeric"`
	OverrideSpecial types.String `tfsdk:"override_special"`
	Result          types.String `tfsdk:"result"`
	Special         types.Bool   `tfsdk:"special"`
	Upper           types.Bool   `tfsdk:"upper"`
}

func (*password) Metadata(_ context.Context, req resource.MetadataRequest, r *resource.MetadataResponse) {
	r.TypeName = req.ProviderTypeName + "_password"
}

func (*password) Schema(_ context.Context, _ resource.SchemaRequest, r *resource.SchemaResponse) {
	flag := func() schema.Attribute {
		return schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(true),
			PlanModifiers: []planmodifier.Bool{boolplanmodifier.RequiresReplace()},
		}
	}
	minimum := func() schema.Attribute {
		return schema.Int64Attribute{
			Optional: true, Computed: true, Default: int64default.StaticInt64(0),
			PlanModifiers: []planmodifier.Int64{int64planmodifier.RequiresReplace()},
		}
	}
	// number is the old name of numeric: each follows the other.
	digits := func(deprecated string) schema.Attribute {
		return schema.BoolAttribute{
			Optional: true, Computed: true, DeprecationMessage: deprecated,
			PlanModifiers: []planmodifier.Bool{sameAsTwin{}, boolplanmodifier.RequiresReplace()},
		}
	}
	generated := func(sensitive bool) schema.Attribute {
		return schema.StringAttribute{
			Computed: true, Sensitive: sensitive,
			PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
		}
	}
	r.Schema = schema.Schema{
		Version: 3,
		Attributes: map[string]schema.Attribute{
			"keepers": schema.MapAttribute{
				ElementType: types.StringType, Optional: true,
				PlanModifiers: []planmodifier.Map{mapplanmodifier.RequiresReplace()},
			},
			"length": schema.Int64Attribute{
				Required:      true,
				PlanModifiers: []planmodifier.Int64{int64planmodifier.RequiresReplace()},
			},
			"special":     flag(),
			"upper":       flag(),
			"lower":       flag(),
			"number":      digits("**NOTE**: This is deprecated, use `numeric` instead."),
			"numeric":     digits(""),
			"min_numeric": minimum(),
			"min_upper":   minimum(),
			"min_lower":   minimum(),
			"min_special": minimum(),
			"override_special": schema.StringAttribute{
				Optional: true,
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplaceIf(
					replaceUnlessEmptyToNull, "Replaces, unless it goes from empty to absent.", "")},
			},
			"result":      generated(true),
			"bcrypt_hash": generated(true),
			"id":          generated(false),
		},
	}
}

func (*password) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, r *resource.ValidateConfigResponse) {
	var m passwordModel
	r.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if r.Diagnostics.HasError() || m.Length.IsUnknown() {
		return
	}
	least := m.MinUpper.ValueInt64() + m.MinLower.ValueInt64() + m.MinNumeric.ValueInt64() + m.MinSpecial.ValueInt64()
	if n := m.Length.ValueInt64(); n < 1 || n < least {
		r.Diagnostics.AddAttributeError(path.Root("length"), "Invalid Attribute Value",
			fmt.Sprintf("length is %d: it must be at least 1 and at least the sum of the minimums, %d", n, least))
	}
}

func (*password) Create(ctx context.Context, req resource.CreateRequest, r *resource.CreateResponse) {
	var m passwordModel
	r.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if r.Diagnostics.HasError() {
		return
	}
	result, err := generate(m)
	if err != nil {
		r.Diagnostics.AddError("Could not generate the password", err.Error())
		return
	}
	m.Result = types.StringValue(result)
	m.finish(&r.Diagnostics)
	r.Diagnostics.Append(r.State.Set(ctx, &m)...)
}

// Read has nothing to look at: a password lives in the state alone.
func (*password) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (*password) Update(ctx context.Context, req resource.UpdateRequest, r *resource.UpdateResponse) {
	var m passwordModel
	r.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if !r.Diagnostics.HasError() {
		r.Diagnostics.Append(r.State.Set(ctx, &m)...)
	}
}

func (*password) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

// ImportState takes an existing password in: its text is the import id.
func (*password) ImportState(ctx context.Context, req resource.ImportStateRequest, r *resource.ImportStateResponse) {
	yes, none := types.BoolValue(true), types.Int64Value(0)
	m := passwordModel{
		Result: types.StringValue(req.ID), Length: types.Int64Value(int64(len(req.ID))),
		Special: yes, Upper: yes, Lower: yes, Number: yes, Numeric: yes,
		MinSpecial: none, MinUpper: none, MinLower: none, MinNumeric: none,
		Keepers: types.MapNull(types.StringType), OverrideSpecial: types.StringNull(),
	}
	m.finish(&r.Diagnostics)
	r.Diagnostics.Append(r.State.Set(ctx, &m)...)
}

// finish fills in what follows from the result.
func (m *passwordModel) finish(diags *diag.Diagnostics) {
	text := []byte(m.Result.ValueString())
	if len(text) > bcryptMax {
		text = text[:bcryptMax]
	}
	hash, err := bcrypt.GenerateFromPassword(text, bcrypt.DefaultCost)
	if err != nil {
		diags.AddError("Could not hash the password", err.Error())
	}
	m.BcryptHash, m.ID = types.StringValue(string(hash)), types.StringValue("none")
}

// generate draws the wanted minimum of each kind, fills up from all that are switched on, and
// shuffles; every draw is from the system's cryptographic source.
func generate(m passwordModel) (string, error) {
	special := specialChars
	if o := m.OverrideSpecial.ValueString(); o != "" {
		special = o
	}
	kinds := []struct {
		chars string
		on    bool
		min   int64
	}{
		{upperChars, m.Upper.ValueBool(), m.MinUpper.ValueInt64()},
		{lowerChars, m.Lower.ValueBool(), m.MinLower.ValueInt64()},
		{numericChars, m.Numeric.ValueBool(), m.MinNumeric.ValueInt64()},
		{special, m.Special.ValueBool(), m.MinSpecial.ValueInt64()},
	}
	var out []byte
	all := ""
	draw := func(chars string, n int64) error {
		for ; n > 0; n-- {
			i, err := below(len(chars))
			if err != nil {
				return err
			}
			out = append(out, chars[i])
		}
		return nil
	}
	for _, k := range kinds {
		if k.on {
			all += k.chars
		}
		if err := draw(k.chars, k.min); err != nil {
			return "", err
		}
	}
	if err := draw(all, m.Length.ValueInt64()-int64(len(out))); err != nil {
		return "", err
	}
	for i := len(out) - 1; i > 0; i-- {
		j, err := below(i + 1)
		if err != nil {
			return "", err
		}
		out[i], out[j] = out[j], out[i]
	}
	return string(out), nil
}

func below(n int) (int, error) {
	if n == 0 {
		return 0, fmt.Errorf("no kind of character is switched on")
	}
	i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		return 0, err
	}
	return int(i.Int64()), nil
}

func replaceUnlessEmptyToNull(
	_ context.Context, req planmodifier.StringRequest, r *stringplanmodifier.RequiresReplaceIfFuncResponse,
) {
	emptied := req.ConfigValue.IsNull() && !req.StateValue.IsNull() && req.StateValue.ValueString() == ""
	r.RequiresReplace = !req.ConfigValue.IsUnknown() && !emptied
}

// sameAsTwin plans number and numeric alike, and true when neither is given.
type sameAsTwin struct{}

func (sameAsTwin) Description(context.Context) string               { return "number and numeric are one setting" }
func (s sameAsTwin) MarkdownDescription(ctx context.Context) string { return s.Description(ctx) }

func (sameAsTwin) PlanModifyBool(ctx context.Context, req planmodifier.BoolRequest, r *planmodifier.BoolResponse) {
	var number, numeric types.Bool
	r.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("number"), &number)...)
	r.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("numeric"), &numeric)...)
	switch {
	case r.Diagnostics.HasError():
	case number.IsNull() && numeric.IsNull():
		r.PlanValue = types.BoolValue(true)
	case number.IsNull():
		r.PlanValue = numeric
	case numeric.IsNull():
		r.PlanValue = number
	case !number.Equal(numeric):
		r.Diagnostics.AddError("Number and numeric are both configured with different values",
			"Number is deprecated, use numeric instead")
	}
}
